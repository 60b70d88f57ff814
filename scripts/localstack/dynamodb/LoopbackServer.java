import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Starts DynamoDBLocal as LocalStack does, with two corrections. DynamoDBLocal binds every interface and has no option
 * to prevent it. LocalStack starts it in its own session, so it would outlive a LocalStack that was killed.
 */
public final class LoopbackServer {
  public static void main(String[] arguments) throws Exception {
    endWith(Long.parseLong(System.getenv("EMULATOR_PID")));
    var dynamo = ServerRunner.createServerFromCommandLineArgs(arguments);
    var server = dynamo.getClass().getDeclaredField("server");
    server.setAccessible(true);
    for (var connector : ((Server) server.get(dynamo)).getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
    }
    dynamo.start();
    dynamo.join();
  }

  private static void endWith(long emulator) {
    var watch =
        new Thread(
            () -> {
              try {
                while (ProcessHandle.of(emulator).isPresent()) Thread.sleep(200);
              } catch (InterruptedException e) {
                // Exit at once.
              }
              Runtime.getRuntime().halt(0);
            });
    watch.setDaemon(true);
    watch.start();
  }
}

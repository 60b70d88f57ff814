/**
 * An empty Java agent. LocalStack starts DynamoDBLocal with an agent from LocalStack's own server, which nothing here
 * needs.
 */
public final class NoAgent {
  public static void premain(String arguments) {}
}

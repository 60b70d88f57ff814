/** LocalStack starts DynamoDBLocal with a Java agent of its own, from its own server; nothing here needs what it does. */
public final class NoAgent {
  public static void premain(String arguments) {}
}

public final class OnNimbus {
    public static void main(String[] args) throws Exception {
        var processor = AccessTokens.processor(args[0], args[1]);
        VerifyTokens.run(token -> processor.process(token, null).getClaims());
    }
}

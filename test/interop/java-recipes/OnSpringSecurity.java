public final class OnSpringSecurity {
    public static void main(String[] args) throws Exception {
        var decoder = new AccessTokenConfiguration().jwtDecoder(args[0], args[1]);
        VerifyTokens.run(token -> decoder.decode(token).getClaims());
    }
}

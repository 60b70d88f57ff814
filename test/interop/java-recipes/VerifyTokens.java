import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Map;
import java.util.Set;

/** Runs a recipe for each line of standard input, `token action location fields`, and prints a line with its result. */
public final class VerifyTokens {
    /** The part of the recipe that verifies a token and returns its claims. */
    interface Verifier {
        Map<String, Object> claims(String token) throws Exception;
    }

    static void run(Verifier verifier) throws Exception {
        var input = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = input.readLine()) != null; ) {
            var asked = line.split(" ");
            System.out.println(answer(verifier, asked[0], asked[1], asked[2], asked.length < 4 ? null : asked[3]));
        }
        // The key set's cache has threads that would keep the process alive.
        System.exit(0);
    }

    private static String answer(Verifier verifier, String token, String action, String location, String fields) {
        Map<String, Object> claims;
        try {
            claims = verifier.claims(token);
        } catch (Exception refusal) {
            return "refused: " + refusal.getMessage();
        }
        var named = fields == null ? null : Set.of(fields.split(","));
        return AccessTokens.permits(claims, action, location, named) ? "permitted" : "not permitted";
    }
}

import type { Command } from 'commander';
import type { CheckOptions } from './check.ts';
import type { ListOptions } from './list.ts';

const EXAMPLES = `
Reads trust.yaml of a policy directory. Needs no AWS credentials.

Examples:
  $ tvm trust list
  $ tvm trust check --entry github < proof.jwt
`;

const CHECK_EXAMPLES = `
Shows, claim by claim, what the entry expects, what the proof has, and why a
claim is refused. The proof itself is never shown. It is not used up: it can
still be exchanged for a token. Without --entry, uses the only entry for the
issuer of the proof.

The keys come from --jwks, from a file beside trust.yaml, or from the issuer
over the network. If they are unavailable, the signature is not verified.

Exits with 0 if the proof is accepted, with 3 if it is refused, with 4 if all
claims are accepted but the signature was not verified.

Examples:
  In a GitHub workflow, check the proof of the job:
    $ curl -sSf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
        "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$TVM_ENDPOINT" | jq -r .value |
        tvm trust check --entry github

  Check a proof offline:
    $ tvm trust check --entry cluster --jwks cluster.jwks.json < proof.jwt
`;

/** Adds the command group `tvm trust`, which shows trust entries and evaluates proofs. */
export function addTrustCommand(program: Command): void {
  const trust = program
    .command('trust')
    .summary('list trust entries, and find out why a proof is refused')
    .description('List the trust entries of a policy directory, and evaluate proofs with them.')
    .addHelpText('after', EXAMPLES);
  trust
    .command('list')
    .summary('list the trust entries')
    .description('List the trust entries of a policy directory, with their presets applied.')
    .option('--policies <directory>', 'policy directory', 'policies')
    .action(async (_options, command: Command) => {
      // Imported only here, because loading Cedar would slow down every other command.
      const { listTrust } = await import('./list.ts');
      await listTrust(command.optsWithGlobals<ListOptions>());
    });
  trust
    .command('check')
    .summary('show which claim of a proof is refused, and why')
    .description('Evaluate a proof from standard input with a trust entry, claim by claim.')
    .option('--entry <name>', 'trust entry (default: the only one for the issuer)')
    .option('--policies <directory>', 'policy directory', 'policies')
    .option('--jwks <file>', 'file with the key set of the issuer (JWKS)')
    .option('--offline', 'do not fetch keys over the network')
    .addHelpText('after', CHECK_EXAMPLES)
    .action(async (_options, command: Command) => {
      const { checkProof } = await import('./check.ts');
      await checkProof(command.optsWithGlobals<CheckOptions>());
    });
}

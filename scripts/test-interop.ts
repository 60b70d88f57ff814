/**
 * `npm run test:interop`, once the project is installed: tests with clients, servers and tools of other projects, in
 * other languages. Their dependencies are installed if their toolchain is there. If it is not, their tests print `not
 * run: <what>`.
 */
import { findPython, installVenv, relayClients, venvMatches } from './install/python-venv.mjs';
import { installRustyVault } from './install/rusty-vault.mjs';
import { endWithStarter, printFailures, vitest } from './testing/vitest.ts';
import { Failure } from './tools/failure.mjs';

async function main(): Promise<void> {
  endWithStarter();
  if (!venvMatches(relayClients)) await installVenv(relayClients, findPython());
  const missing = await installRustyVault();
  const env = missing === undefined ? {} : { RUSTY_VAULT_MISSING: missing };
  const { passed, failed, failures } = await vitest('interop', { env });
  printFailures(failures);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

await main().catch((error: Error) => {
  console.error(error instanceof Failure ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exit(1);
});

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Bundles the current TokenRelay once, because the tests run the file that users get. */
export default function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../clients/relay/build.mjs', import.meta.url))]);
}

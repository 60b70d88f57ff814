import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { runLogged } from '../tools/command.mjs';
import { localDir, rustyVaultDir, shown } from '../tools/paths.mjs';
import { installing } from './progress.mjs';

/** A real server of Vault's API that is built where it is needed: there are no packages of it. */
const VERSION = '0.2.1';
const log = path.join(localDir, 'logs', 'cargo.log');
const program = path.join(rustyVaultDir, 'bin', 'rvault');

/**
 * Builds RustyVault, which takes some minutes of both processors, unless it is there.
 * @returns {Promise<string | undefined>} why it is not there
 */
export const installRustyVault = async () => {
  if (existsSync(program)) return undefined;
  if (spawnSync('cargo', ['--version']).status !== 0) return 'RustyVault is not built, as cargo is missing';
  const { ok } = await installing('RustyVault', () =>
    // What else is done meanwhile goes first. It is only spoken to, so nothing is lost by not optimizing it.
    runLogged(
      'nice',
      ['-n', '19', 'cargo', 'install', 'rusty_vault', '--version', VERSION, '--locked', '--root', rustyVaultDir],
      {
        log,
        env: {
          ...process.env,
          CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
          CARGO_PROFILE_RELEASE_LTO: 'off',
          CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '256',
        },
      },
    ),
  );
  return ok ? undefined : `RustyVault could not be built; the full log is ${shown(log)}`;
};

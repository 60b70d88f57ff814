import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { runLogged } from '../tools/command.mjs';
import { localDir, rustyVaultDir, shown } from '../tools/paths.mjs';
import { installing } from './progress.mjs';

/** RustyVault, a real server of Vault's API. There are no packages of it, so it is built here. */
const VERSION = '0.2.1';
const log = path.join(localDir, 'logs', 'cargo.log');
const program = path.join(rustyVaultDir, 'bin', 'rvault');

/**
 * Builds RustyVault, unless it exists. The build occupies both processors for some minutes.
 * @returns {Promise<string | undefined>} why RustyVault is missing, or undefined if it is there
 */
export const installRustyVault = async () => {
  if (existsSync(program)) return undefined;
  if (spawnSync('cargo', ['--version']).status !== 0) return 'RustyVault is not built, as cargo is missing';
  const { ok } = await installing('RustyVault', () =>
    // Other work has priority. Tests only send it requests, so an unoptimized build is enough.
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

import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/**
 * The folder for everything that local runs leave behind: emulator, state, logs, environment files. Never committed.
 */
export const localDir = path.join(root, '.local');

/** The virtual environment that the emulator is installed in. */
export const venvDir = path.join(localDir, 'venv');

/** The virtual environment of the cloud SDKs that TokenRelay's endpoints are tested with. */
export const relayClientsDir = path.join(localDir, 'relay-clients');

/** The folder that RustyVault, a real server of Vault's API, is installed in. */
export const rustyVaultDir = path.join(localDir, 'rusty-vault');

/** The Node 24 that the npm package `node` installs. */
export const node24 = path.join(root, 'node_modules', 'node', 'bin', 'node');

/** Folders to put first on PATH: the project's commands and its Node 24. */
export const projectPath = [path.join(root, 'node_modules', '.bin'), path.dirname(node24)];

/**
 * @param {string} file an absolute path
 * @returns {string} the path relative to the project's folder, as messages show it
 */
export const shown = (file) => path.relative(root, file) || '.';

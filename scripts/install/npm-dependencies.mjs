import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runLogged } from '../tools/command.mjs';
import { Failure } from '../tools/failure.mjs';
import { localDir, node24, root, shown } from '../tools/paths.mjs';
import { installing } from './progress.mjs';

const log = path.join(localDir, 'logs', 'npm.log');

/**
 * Compares package-lock.json with the copy that npm writes to node_modules as its last step, so an interrupted
 * installation does not match.
 * @returns {boolean} whether the installed packages match the lockfile
 */
export const npmDependenciesMatch = () => {
  try {
    const wanted = lockedPackages('package-lock.json');
    const installed = lockedPackages('node_modules/.package-lock.json');
    const same = Object.entries(wanted).every(([where, { version, integrity, optional, link }]) => {
      const there = installed[where];
      // Optional packages are for other operating systems. They may be absent, but must not have another version.
      if (link || !where.startsWith('node_modules/') || (there === undefined && optional)) return true;
      return there?.version === version && there?.integrity === integrity;
    });
    return same && nodeRuns();
  } catch {
    return false;
  }
};

/**
 * Runs `npm ci`, with the npm that runs this process if there is one.
 * @returns {Promise<void>}
 */
export const installNpmDependencies = () =>
  installing('npm dependencies', async () => {
    const npmCli = process.env.npm_execpath;
    const [command, ...first] = npmCli?.endsWith('npm-cli.js') ? [process.execPath, npmCli] : ['npm'];
    // --include=dev: with NODE_ENV=production npm would omit the tools that build this project.
    const args = [...first, 'ci', '--include=dev', '--fetch-retries=3', '--fetch-retry-mintimeout=1000'];
    const { ok, output } = await runLogged(command, [...args, '--fetch-retry-maxtimeout=5000'], { log });
    if (!ok) throw new Failure(`${reason(output)}; the full log is ${shown(log)}.`);
    if (!nodeRuns()) {
      throw new Failure(
        'npm installed no working Node 24 (the install script of the package `node` downloads it): allow npm to run ' +
          `install scripts (\`npm config get ignore-scripts\` must print false), then retry; the full log is ${shown(log)}.`,
      );
    }
  });

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean, link?: boolean }>}
 */
const lockedPackages = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;

const nodeRuns = () => spawnSync(node24, ['--version']).status === 0;

/** @param {string} output */
const reason = (output) => {
  if (/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ECONNRESET|ENETUNREACH|network/.test(output)) {
    return 'npm cannot reach its registry: check the network and npm’s registry and proxy settings, then try again';
  }
  const first = /^npm (?:error|ERR!) (?!code )(.+)$/m.exec(output)?.[1];
  return first ? `\`npm ci\` failed (${first})` : '`npm ci` failed: npm, which comes with Node, must be on the PATH';
};

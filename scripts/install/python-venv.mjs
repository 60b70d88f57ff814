import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runLogged } from '../tools/command.mjs';
import { Failure } from '../tools/failure.mjs';
import { localDir, relayClientsDir, root, shown, venvDir } from '../tools/paths.mjs';
import { installing } from './progress.mjs';

/**
 * A Python virtual environment: its folder, the pinned requirements to install, and its name in messages.
 * @typedef {{ dir: string, requirements: string, log: string, what: string }} PythonVenv
 */

/** @type {PythonVenv} */
export const emulator = {
  dir: venvDir,
  requirements: path.join(root, 'scripts', 'local', 'requirements.txt'),
  log: path.join(localDir, 'logs', 'pip.log'),
  what: 'the AWS emulator',
};

/**
 * The cloud SDKs that TokenRelay's endpoints are tested with.
 * @type {PythonVenv}
 */
export const relayClients = {
  dir: relayClientsDir,
  requirements: path.join(root, 'test', 'interop', 'relay', 'requirements.txt'),
  log: path.join(localDir, 'logs', 'pip-relay-clients.log'),
  what: 'the cloud SDKs for the tests of TokenRelay',
};

/**
 * A generator of OpenAPI clients, and the dependencies of the generated client.
 * @type {PythonVenv}
 */
export const openApiClient = {
  dir: path.join(localDir, 'openapi-client'),
  requirements: path.join(root, 'test', 'interop', 'openapi-client', 'requirements.txt'),
  log: path.join(localDir, 'logs', 'pip-openapi-client.log'),
  what: 'the generator of OpenAPI clients',
};

/**
 * An OAuth library that validates discovery documents.
 * @type {PythonVenv}
 */
export const authlib = {
  dir: path.join(localDir, 'authlib'),
  requirements: path.join(root, 'test', 'interop', 'authlib', 'requirements.txt'),
  log: path.join(localDir, 'logs', 'pip-authlib.log'),
  what: 'the library that validates discovery documents',
};

/**
 * Scanners of CloudFormation templates.
 * @type {PythonVenv}
 */
export const templateScanners = {
  dir: path.join(localDir, 'template-scanners'),
  requirements: path.join(root, 'test', 'interop', 'template-scanners', 'requirements.txt'),
  log: path.join(localDir, 'logs', 'pip-template-scanners.log'),
  what: 'the scanners of CloudFormation templates',
};

/** @param {PythonVenv} venv */
const markerOf = ({ dir }) => path.join(dir, '.installed');
/** @param {PythonVenv} venv */
const pythonOf = ({ dir }) => path.join(dir, 'bin', 'python');
/** @param {PythonVenv} venv */
const wanted = ({ requirements }) => createHash('sha256').update(readFileSync(requirements)).digest('hex');

/**
 * @param {PythonVenv} venv
 * @returns {boolean} whether the environment is complete, matches its requirements and runs
 */
export const venvMatches = (venv) => {
  try {
    return readFileSync(markerOf(venv), 'utf8') === wanted(venv) && spawnSync(pythonOf(venv), ['-c', '']).status === 0;
  } catch {
    return false;
  }
};

/** @returns {string} a command that is Python 3.10 or newer and can make virtual environments */
export const findPython = () => {
  const names = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  const found = names.map((name) => ({ name, ...probe(name) })).filter(({ version }) => version.length > 0);
  const recent = found.filter(({ version }) => isRecent(version));
  const usable = recent.find(({ venv }) => venv);
  if (usable) return usable.name;
  if (recent[0]) {
    throw new Failure(
      `Python ${recent[0].version} lacks the module venv or ensurepip, which the local AWS emulator needs: ` +
        `install them (on Debian and Ubuntu: apt install python${recent[0].version}-venv) and try again.`,
    );
  }
  throw new Failure(
    `Python 3.10 or newer is needed for the local AWS emulator and ${
      found[0] ? `${found[0].name} is Python ${found[0].version}` : 'there is no python3 on the PATH'
    }: install one (apt install python3 python3-venv, brew install python, or python.org) and try again.`,
  );
};

/**
 * Creates a virtual environment from scratch. The marker file is written last, so an incomplete environment is created
 * again.
 * @param {PythonVenv} venv
 * @param {string} python
 * @returns {Promise<void>}
 */
export const installVenv = (venv, python) => {
  const { dir, requirements, log, what } = venv;
  return installing(what, async () => {
    rmSync(dir, { recursive: true, force: true });
    const made = await runLogged(python, ['-m', 'venv', dir], { log });
    if (!made.ok) throw new Failure(`\`${python} -m venv\` failed; the full log is ${shown(log)}.`);
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--retries', '2'];
    const filled = await runLogged(pythonOf(venv), [...pip, '--timeout', '30', '-r', requirements], {
      log,
      append: true,
    });
    if (!filled.ok) throw new Failure(`${reason(filled.output, what)}; the full log is ${shown(log)}.`);
    writeFileSync(markerOf(venv), wanted(venv));
  });
};

/** @param {string} name */
const probe = (name) => {
  const code = 'import sys; print("%d.%d" % sys.version_info[:2]); import venv, ensurepip; print("venv")';
  const { stdout } = spawnSync(name, ['-c', code], { encoding: 'utf8' });
  const [version = '', venv] = (stdout ?? '').split('\n');
  return { version, venv: venv === 'venv' };
};

/** @param {string} version */
const isRecent = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 10);
};

/** @param {string} output @param {string} what */
const reason = (output, what) => {
  if (/NewConnectionError|ConnectTimeout|Connection refused|name resolution|Max retries|Retrying/.test(output)) {
    return 'pip cannot reach its index: check the network and pip’s index and proxy settings, then try again';
  }
  const last = output.match(/^ERROR: .+$/gm)?.pop();
  return `pip could not install ${what}${last ? ` (${last.slice('ERROR: '.length)})` : ''}`;
};

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runLogged } from '../tools/command.mjs';
import { Failure } from '../tools/failure.mjs';
import { localDir, root, shown, venvDir } from '../tools/paths.mjs';
import { installing } from './progress.mjs';

const requirements = path.join(root, 'scripts', 'local', 'requirements.txt');
const log = path.join(localDir, 'logs', 'pip.log');
const marker = path.join(venvDir, '.installed');
const venvPython = path.join(venvDir, 'bin', 'python');
const wanted = () => createHash('sha256').update(readFileSync(requirements)).digest('hex');

/** @returns {boolean} whether the virtual environment is complete, made from these requirements, and runs */
export const emulatorMatches = () => {
  try {
    return readFileSync(marker, 'utf8') === wanted() && spawnSync(venvPython, ['-c', '']).status === 0;
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
      `Python ${recent[0].version} lacks its module venv or ensurepip, which the local AWS emulator is installed ` +
        `with: install them (on Debian and Ubuntu: apt install python${recent[0].version}-venv) and try again.`,
    );
  }
  throw new Failure(
    `Python 3.10 or newer is needed for the local AWS emulator and ${
      found[0] ? `${found[0].name} is Python ${found[0].version}` : 'there is no python3 on the PATH'
    }: install one (apt install python3 python3-venv, brew install python, or python.org) and try again.`,
  );
};

/**
 * Makes the virtual environment anew; its marker is written last, so that a half-made one is made again.
 * @param {string} python
 * @returns {Promise<void>}
 */
export const installEmulator = (python) =>
  installing('the AWS emulator', async () => {
    rmSync(venvDir, { recursive: true, force: true });
    const made = await runLogged(python, ['-m', 'venv', venvDir], { log });
    if (!made.ok) throw new Failure(`\`${python} -m venv\` failed; the full log is ${shown(log)}.`);
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--retries', '2'];
    const filled = await runLogged(venvPython, [...pip, '--timeout', '30', '-r', requirements], { log, append: true });
    if (!filled.ok) throw new Failure(`${reason(filled.output)}; the full log is ${shown(log)}.`);
    writeFileSync(marker, wanted());
  });

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

/** @param {string} output */
const reason = (output) => {
  if (/NewConnectionError|ConnectTimeout|Connection refused|name resolution|Max retries|Retrying/.test(output)) {
    return 'pip cannot reach its index: check the network and pip’s index and proxy settings, then try again';
  }
  const last = output.match(/^ERROR: .+$/gm)?.pop();
  return `pip could not install the AWS emulator${last ? ` (${last.slice('ERROR: '.length)})` : ''}`;
};

import { spawnSync } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What must be on this machine before LocalStack can be installed, and where it was found.
 * @typedef {object} Prerequisites
 * @property {string} python a Python 3.13
 * @property {string} jdk the home of a JDK of 17 or newer
 */

/** A JVM would leave a folder in the machine's folder for what is temporary. */
const NO_TRACE = '-XX:-UsePerfData';

/** @returns {Prerequisites | { missing: string }} or one clause that names all that is missing */
export const prerequisites = () => {
  const python = findPython();
  const jdk = findJdk();
  const maven = mavenIsHere();
  if (python && jdk && maven) return { python, jdk };
  const missing = [!python && 'Python 3.13 with venv', !jdk && 'a JDK of 17 or newer', !maven && 'Maven'];
  const named = missing.filter((name) => name !== false);
  const these = new Intl.ListFormat('en').format(named);
  return { missing: `LocalStack needs ${these}, which ${named.length > 1 ? 'are' : 'is'} not here` };
};

const findPython = () => {
  const question = 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))';
  const names = ['python3.13', 'python3', 'python', ...pyenvPythons()];
  return names.find((name) => spawnSync(name, ['-c', question]).status === 0);
};

/** pyenv puts a `python3.13` on the PATH that works only where it is chosen; what it installed works anywhere. */
const pyenvPythons = () => {
  const versions = path.join(process.env.PYENV_ROOT || path.join(homedir(), '.pyenv'), 'versions');
  try {
    const names = readdirSync(versions).filter((name) => name.startsWith('3.13.'));
    return names.map((name) => path.join(versions, name, 'bin', 'python'));
  } catch {
    return [];
  }
};

export const mavenIsHere = () => {
  const MAVEN_OPTS = `${process.env.MAVEN_OPTS ?? ''} ${NO_TRACE}`;
  return spawnSync('mvn', ['--version'], { env: { ...process.env, MAVEN_OPTS } }).status === 0;
};

/** @returns {string | undefined} the home of a JDK of 17 or newer */
export const findJdk = () => {
  // What it says of itself, it says on standard error.
  const options = [`-J${NO_TRACE}`, '-J-XshowSettings:properties', '-version'];
  const { stderr, status } = spawnSync('javac', options, { encoding: 'utf8' });
  /** @param {string} name */
  const property = (name) => new RegExp(`^ *${name} = (.+)$`, 'm').exec(stderr)?.[1];
  return status === 0 && Number(property('java.specification.version')) >= 17 ? property('java.home') : undefined;
};

// As a command, before anything is installed: exits with 1 and says what is missing. Its path may have a symbolic link.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const found = prerequisites();
  if ('missing' in found) {
    console.error(`${found.missing}.`);
    process.exitCode = 1;
  }
}

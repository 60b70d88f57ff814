import { spawnSync } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The programs that LocalStack needs on this computer.
 * @typedef {object} Prerequisites
 * @property {string} python a command that runs Python 3.13
 * @property {string} jdk the home of a JDK, version 17 or newer
 */

/** Without this option a JVM leaves a folder in this computer's folder for temporary files. */
const NO_TRACE = '-XX:-UsePerfData';

/** @returns {Prerequisites | { missing: string }} or one clause that names everything that is missing */
export const prerequisites = () => {
  const python = findPython();
  const jdk = findJdk();
  const maven = mavenIsHere();
  if (python && jdk && maven) return { python, jdk };
  const missing = [!python && 'Python 3.13 with venv', !jdk && 'a JDK of 17 or newer', !maven && 'Maven'];
  const named = missing.filter((name) => name !== false);
  const these = new Intl.ListFormat('en').format(named);
  return { missing: `LocalStack needs ${these}, which ${named.length > 1 ? 'are' : 'is'} missing` };
};

const findPython = () => {
  const question = 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))';
  const names = ['python3.13', 'python3', 'python', ...pyenvPythons()];
  return names.find((name) => spawnSync(name, ['-c', question]).status === 0);
};

/**
 * The `python3.13` that pyenv puts on the PATH works only where it is selected. The versions that pyenv installed work
 * anywhere.
 */
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

/** @returns {string | undefined} the home of a JDK, version 17 or newer */
export const findJdk = () => {
  // Java prints its properties on standard error.
  const options = [`-J${NO_TRACE}`, '-J-XshowSettings:properties', '-version'];
  const { stderr, status } = spawnSync('javac', options, { encoding: 'utf8' });
  /** @param {string} name */
  const property = (name) => new RegExp(`^ *${name} = (.+)$`, 'm').exec(stderr)?.[1];
  return status === 0 && Number(property('java.specification.version')) >= 17 ? property('java.home') : undefined;
};

// When run as a command, before the installation: exits with 1 and prints what is missing. Its path may be a symbolic
// link.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const found = prerequisites();
  if ('missing' in found) {
    console.error(`${found.missing}.`);
    process.exitCode = 1;
  }
}

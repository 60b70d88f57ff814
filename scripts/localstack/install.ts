/** Installs LocalStack below `.local/localstack/`, where it runs without Docker. */
import { createHash } from 'node:crypto';
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withInstallLock } from '../install/lock.mjs';
import { installing } from '../install/progress.mjs';
import { installVenv, type PythonVenv, venvMatches } from '../install/python-venv.mjs';
import { runLogged } from '../tools/command.mjs';
import { Failure } from '../tools/failure.mjs';
import { localDir, shown } from '../tools/paths.mjs';
import type { Prerequisites } from './prerequisites.mjs';

const dir = path.join(localDir, 'localstack');
const here = import.meta.dirname;
const logs = path.join(localDir, 'logs');

const venv: PythonVenv = {
  dir: path.join(dir, 'venv'),
  requirements: path.join(here, 'requirements.txt'),
  log: path.join(logs, 'pip-localstack.log'),
  what: 'LocalStack',
};

/** The paths of what is installed. */
export const installed = {
  python: path.join(venv.dir, 'bin', 'python'),
  /** The folder of programs that LocalStack runs; LocalStack calls it `var_libs`. */
  libraries: path.join(dir, 'lib'),
  /** The main file of AWS's runtime interface client for Node. */
  lambdaRuntime: path.join(dir, 'runtime', 'node_modules', 'aws-lambda-ric', 'index.mjs'),
};

/** LocalStack expects its programs in these paths. */
const dynamoDir = path.join(installed.libraries, 'dynamodb-local', '2');
const javaHome = path.join(installed.libraries, 'java', '21');

/** Installs each part that is missing or outdated. */
export async function installLocalStack(prerequisites: Prerequisites): Promise<void> {
  if (lacking(prerequisites).length === 0) return;
  // Check again under the lock: another process may have installed everything meanwhile, and use it.
  await withInstallLock(async () => void (await Promise.all(lacking(prerequisites).map((install) => install()))));
}

function lacking({ python, jdk }: Prerequisites): (() => Promise<void>)[] {
  const parts = [
    !venvMatches(venv) && (() => installVenv(venv, python)),
    !matches('dynamodb', jdk) && (() => installDynamo(jdk)),
    !matches('runtime') && installLambdaRuntime,
  ];
  return parts.filter((part) => part !== false);
}

/**
 * Installs AWS's DynamoDB from Maven Central, in LocalStack's layout: a jar to start, a folder of jars and an agent.
 */
function installDynamo(jdk: string): Promise<void> {
  return installing('DynamoDB', async () => {
    for (const folder of [dynamoDir, javaHome]) rmSync(folder, { recursive: true, force: true });
    const [jars, classes] = [path.join(dynamoDir, 'DynamoDBLocal_lib'), path.join(dynamoDir, 'classes')];
    for (const folder of [classes, path.dirname(javaHome)]) mkdirSync(folder, { recursive: true });
    symlinkSync(jdk, javaHome);
    const [pom, repository] = [path.join(here, 'dynamodb', 'pom.xml'), path.join(dir, 'maven')];
    await must('mvn', [
      ...['--quiet', '--batch-mode', '--file', pom, `-Dmaven.repo.local=${repository}`],
      ...['dependency:copy-dependencies', `-DoutputDirectory=${jars}`],
    ]);
    rmSync(repository, { recursive: true, force: true });
    const sources = ['LoopbackServer', 'NoAgent'].map((name) => path.join(here, 'dynamodb', `${name}.java`));
    await must('javac', ['-cp', path.join(jars, '*'), '-d', classes, ...sources]);
    const classPath = globSync('*.jar', { cwd: jars }).map((jar) => `DynamoDBLocal_lib/${jar}`);
    await jar('DynamoDBLocal.jar', { 'Main-Class': 'LoopbackServer', 'Class-Path': classPath.join(' ') });
    await jar('ddb-local-loader-0.1.jar', { 'Premain-Class': 'NoAgent' });

    async function jar(name: string, manifest: Record<string, string>): Promise<void> {
      const file = path.join(dynamoDir, 'manifest.txt');
      writeFileSync(file, Object.entries(manifest).map(manifestLine).join(''));
      await must('jar', ['--create', '--file', path.join(dynamoDir, name), '--manifest', file, '-C', classes, '.']);
    }
    markInstalled('dynamodb', jdk);
  });
}

/** A line of a manifest has at most 72 bytes, and continues after a newline and a space. */
const manifestLine = ([name, value]: [string, string]) => `${`${name}: ${value}`.replace(/(.{70})(?=.)/g, '$1\n ')}\n`;

function installLambdaRuntime(): Promise<void> {
  return installing('AWS’s runtime interface client', async () => {
    const target = path.join(dir, 'runtime');
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(path.join(here, 'runtime', file), path.join(target, file));
    }
    // The install script would compile curl and the native half of the client, in C++.
    await must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], target);
    const client = 'rapid-client.node.js';
    copyFileSync(path.join(here, 'runtime', client), path.join(path.dirname(installed.lambdaRuntime), client));
    markInstalled('runtime');
  });
}

async function must(command: string, args: string[], cwd = here): Promise<void> {
  const log = path.join(logs, `${command}-localstack.log`);
  // Without this option a JVM leaves a file in this computer's folder for temporary files.
  const JAVA_TOOL_OPTIONS = `${process.env.JAVA_TOOL_OPTIONS ?? ''} -XX:-UsePerfData`;
  const { ok } = await runLogged(command, args, { log, cwd, env: { ...process.env, JAVA_TOOL_OPTIONS } });
  if (!ok)
    throw new Failure(
      `\`${command}\` failed during the installation of LocalStack, which needs network access; the full log is ${shown(log)}.`,
    );
}

/** The source files of each part, in its folder here. */
const madeFrom = {
  dynamodb: ['pom.xml', 'LoopbackServer.java', 'NoAgent.java'],
  runtime: ['package-lock.json', 'rapid-client.node.js'],
};
type Part = keyof typeof madeFrom;

/** The marker file of a part. It is written last, so that an incomplete part is installed again. */
const marker = (part: Part) => path.join(dir, `${part}.installed`);

/** @param more additional input that the part depends on */
const wanted = (part: Part, more: string) =>
  madeFrom[part]
    .reduce((hash, file) => hash.update(readFileSync(path.join(here, part, file))), createHash('sha256').update(more))
    .digest('hex');

function matches(part: Part, more = ''): boolean {
  try {
    return readFileSync(marker(part), 'utf8') === wanted(part, more);
  } catch {
    return false;
  }
}

const markInstalled = (part: Part, more = '') => writeFileSync(marker(part), wanted(part, more));

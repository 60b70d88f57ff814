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

/** What is installed, where. */
export const installed = {
  python: path.join(venv.dir, 'bin', 'python'),
  /** What LocalStack calls its `var_libs`: programs it runs. */
  libraries: path.join(dir, 'lib'),
  /** AWS's runtime interface client for Node, the main file. */
  lambdaRuntime: path.join(dir, 'runtime', 'node_modules', 'aws-lambda-ric', 'index.mjs'),
};

/** LocalStack runs these by paths of its own making. */
const dynamoDir = path.join(installed.libraries, 'dynamodb-local', '2');
const javaHome = path.join(installed.libraries, 'java', '21');

/** Installs whatever is not there yet, or not as wanted. */
export async function installLocalStack(prerequisites: Prerequisites): Promise<void> {
  if (lacking(prerequisites).length === 0) return;
  // Asked again with the lock: who had to wait for it may find all of it installed, and in use.
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

/** AWS's DynamoDB, from Maven Central, as LocalStack would have installed it: a jar to start, a folder of jars, an agent. */
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

/** A line of a manifest has 72 bytes at most, and goes on after a newline and a blank. */
const manifestLine = ([name, value]: [string, string]) => `${`${name}: ${value}`.replace(/(.{70})(?=.)/g, '$1\n ')}\n`;

function installLambdaRuntime(): Promise<void> {
  return installing('AWS’s runtime interface client', async () => {
    const target = path.join(dir, 'runtime');
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(path.join(here, 'runtime', file), path.join(target, file));
    }
    // Its install script would compile curl and a part of it in C++.
    await must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], target);
    const client = 'rapid-client.node.js';
    copyFileSync(path.join(here, 'runtime', client), path.join(path.dirname(installed.lambdaRuntime), client));
    markInstalled('runtime');
  });
}

async function must(command: string, args: string[], cwd = here): Promise<void> {
  const log = path.join(logs, `${command}-localstack.log`);
  // A JVM would leave a file in the machine's folder for what is temporary.
  const JAVA_TOOL_OPTIONS = `${process.env.JAVA_TOOL_OPTIONS ?? ''} -XX:-UsePerfData`;
  const { ok } = await runLogged(command, args, { log, cwd, env: { ...process.env, JAVA_TOOL_OPTIONS } });
  if (!ok)
    throw new Failure(
      `\`${command}\` failed while LocalStack was installed, which needs the network; the full log is ${shown(log)}.`,
    );
}

/** What each part is made from: the files in its folder here. */
const madeFrom = {
  dynamodb: ['pom.xml', 'LoopbackServer.java', 'NoAgent.java'],
  runtime: ['package-lock.json', 'rapid-client.node.js'],
};
type Part = keyof typeof madeFrom;

/** The marker of a part is written last, so that a half-made one is made again. */
const marker = (part: Part) => path.join(dir, `${part}.installed`);

/** @param more what it is made from besides */
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

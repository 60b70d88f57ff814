import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withInstallLock } from '#scripts/install/lock.mjs';
import { installing } from '#scripts/install/progress.mjs';
import { findJdk, mavenIsHere } from '#scripts/localstack/prerequisites.mjs';
import { runLogged } from '#scripts/tools/command.mjs';
import { localDir, shown } from '#scripts/tools/paths.mjs';

/** The cloud SDKs of one language, with a program that prints digests of what it gets from them. */
export interface Language {
  /** What is missing to install or run them here; undefined if nothing is. */
  readonly missing: string | undefined;
  /** Installs them, and again if their versions or the program change. */
  install(): Promise<void>;
  /** Returns the command line of the program. @param target a scope or an audience */
  command(client: string, target: string): [file: string, ...args: string[]];
}

const isHere = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const jdk = findJdk();
const java = (program: string) => join(jdk ?? '', 'bin', program);

const node: Language = language({
  name: 'node',
  missing: isHere('npm', '--version') ? undefined : 'npm',
  install: (folder) => [['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock', '--prefix', folder]],
  command: (folder) => [process.execPath, join(folder, 'ask.mjs')],
});

const go: Language = language({
  name: 'go',
  missing: isHere('go', 'version') ? undefined : 'Go',
  install: (folder) => [['go', 'build', '-C', folder, '-o', 'ask', '.']],
  command: (folder) => [join(folder, 'ask')],
});

const jvm: Language = language({
  name: 'java',
  missing: [jdk ? [] : ['a JDK of 17 or newer'], mavenIsHere() ? [] : ['Maven']].flat().join(' and ') || undefined,
  install: (folder) => [
    [
      ...['mvn', '--quiet', '--batch-mode', '--file', join(folder, 'pom.xml'), 'dependency:copy-dependencies'],
      ...[`-Dmaven.repo.local=${join(folder, 'repository')}`, `-DoutputDirectory=${join(folder, 'jars')}`],
    ],
    [java('javac'), '-cp', join(folder, 'jars', '*'), '-d', folder, join(folder, 'Ask.java')],
  ],
  command: (folder) => [java('java'), '-XX:-UsePerfData', '-cp', `${folder}:${join(folder, 'jars', '*')}`, 'Ask'],
});

/** The languages besides Python, whose SDKs are in a virtual environment. */
export const languages = { node, go, java: jvm };

function language({
  name,
  missing,
  install,
  command,
}: {
  name: string;
  missing: string | undefined;
  install(folder: string): string[][];
  command(folder: string): [string, ...string[]];
}): Language {
  const source = join(import.meta.dirname, name);
  const folder = join(localDir, `relay-clients-${name}`);
  const marker = join(folder, '.installed');
  const files = readdirSync(source);
  const wanted = () => {
    const hash = createHash('sha256');
    for (const file of files) hash.update(readFileSync(join(source, file)));
    return hash.digest('hex');
  };
  return {
    missing,
    install: () =>
      withInstallLock(async () => {
        if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted()) return;
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { recursive: true });
        for (const file of files) copyFileSync(join(source, file), join(folder, file));
        const log = join(localDir, 'logs', `relay-clients-${name}.log`);
        await installing(`the cloud SDKs of ${name} for the tests of TokenRelay`, async () => {
          for (const [file = '', ...args] of install(folder)) {
            const { ok } = await runLogged(file, args, { log, cwd: folder, env: process.env });
            if (!ok) throw new Error(`${file} failed, which needs the network: see ${shown(log)}`);
          }
        });
        writeFileSync(marker, wanted());
      }),
    command: (client, target) => [...command(folder), client, target],
  };
}

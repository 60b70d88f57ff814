/** `npm start`: deploys TVM on this computer and shows the life of a token. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { type Emulator, startEmulator } from '../emulators/emulator.ts';
import { emulatorLives, endRun, forgetRun, ownerLives, readRun, writeRun } from '../emulators/run-record.mjs';
import { emulatorTarget, givenTarget, type Target } from '../emulators/target.ts';
import { Failure } from '../tools/failure.mjs';
import { localDir, shown } from '../tools/paths.mjs';
import { demonstrate } from './demo.ts';
import { deploy } from './deploy.ts';
import { readEnvFiles, writeEnvFiles } from './env-files.ts';
import { createIdentities } from './identities.ts';
import { miniStack } from './ministack.ts';
import { nextCommands } from './next-commands.ts';
import { type Mode, readOptions } from './options.ts';
import { bold, dim, progress } from './terminal.ts';

/** Where to deploy, and what to stop afterwards. */
interface Deployment {
  target: Target;
  /** The emulator that this process started. */
  emulator?: Emulator;
  /** An emulator that an earlier `npm start` left running. */
  wasUp?: boolean;
}

/** Stops everything that this process has started so far. */
let takeDown = async () => {};
let isUp = false;
let ending = false;

async function main(): Promise<void> {
  const options = readOptions();
  endOnSignals();
  console.log(dim('Starting and deploying takes about half a minute, or two minutes on a busy computer.'));
  const deployment = await findDeployment(options);
  const { target, emulator } = deployment;

  const known = readEnvFiles();
  if (!deployment.wasUp) takeDown = async () => Promise.all([emulator?.stop(), forgetRun()]).then(() => {});
  const outputs = await deploy(target, localDir, progress);
  const identities = await progress('Creating the identities', () => createIdentities(target, outputs, known));
  writeEnvFiles(target, outputs.Issuer, identities);
  if (emulator) recordRun(emulator, process.pid, true);
  await demonstrate(target, outputs, identities);
  isUp = true;
  await finish(options.mode, deployment);
}

async function findDeployment({ port, portChosen }: { port: number; portChosen: boolean }): Promise<Deployment> {
  const run = readRun();
  const given = givenTarget(run?.endpoint ?? `http://127.0.0.1:${port}`);
  if (given) {
    if (run && emulatorLives(run)) throw new Failure(`${upOn(run.port)}: stop it with \`npm stop\` first.`);
    return { target: given };
  }
  if (run && emulatorLives(run)) {
    if (!run.ready && ownerLives(run)) {
      throw new Failure(
        `Another \`npm start\` (process ${run.owner}) is still starting: wait for it, or stop it with \`npm stop\`.`,
      );
    }
    if (run.ready && (run.owner === null || ownerLives(run))) {
      if (portChosen && run.port !== port) {
        throw new Failure(`${upOn(run.port)}: stop it with \`npm stop\` first.`);
      }
      console.log(dim(`The emulator on ${run.endpoint} is already running: deploying the changes.`));
      return { target: emulatorTarget(run.endpoint), wasUp: true };
    }
  }
  // Stop what an interrupted start left behind.
  if (run) await endRun(run);

  const emulator = await progress('Starting the AWS emulator', () => startEmulator(miniStack, { port, dir: localDir }));
  emulator.ended.then(() =>
    fail(new Failure(`The emulator stopped unexpectedly; its log is ${shown(logFile('emulator'))}.`)),
  );
  recordRun(emulator, process.pid, false);
  return { target: emulatorTarget(emulator.endpoint), emulator };
}

const upOn = (port: number) => `An emulator of this project already runs on port ${port}`;

const recordRun = ({ pid, port, endpoint }: Emulator, owner: number | null, ready: boolean) =>
  writeRun({ emulator: pid, owner, port, endpoint, ready });

async function finish(mode: Mode, { target, emulator, wasUp }: Deployment): Promise<void> {
  if (mode === 'once' && !wasUp) return end(0);
  console.log(nextCommands());
  if (emulator && mode === 'detach') {
    recordRun(emulator, null, true);
    await emulator.release();
  }
  if (wasUp || mode === 'detach') {
    console.log(
      `\n${bold('TVM keeps running')} on ${target.endpoint}${emulator || wasUp ? '; `npm stop` stops it' : ''}.`,
    );
    process.exit(0);
  }
  console.log(`\n${bold('TVM is running')} on ${target.endpoint} until you press Ctrl-C.`);
  return new Promise(() => setInterval(() => {}, 60_000));
}

function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => end(isUp ? 0 : 128 + constants.signals[signal]));
  }
  // scripts/run.mjs holds the other end of the channel, which closes when that process is killed. The channel must not
  // keep this process alive.
  process.once('disconnect', () => end(1));
  process.channel?.unref();
}

/** Stops everything, once, and exits. */
async function end(code: number): Promise<never> {
  if (ending) return new Promise(() => {});
  ending = true;
  await takeDown();
  process.exit(code);
}

/** Prints one sentence about the error, stops everything and exits. */
async function fail(error: Error): Promise<void> {
  if (ending) return;
  let sentence = error.message;
  if (!(error instanceof Failure)) {
    const log = logFile('start');
    mkdirSync(path.dirname(log), { recursive: true });
    writeFileSync(log, `${error.stack}\n`);
    sentence = `\`npm start\` failed (${error.message.split('\n')[0]}); the details are in ${shown(log)}.`;
  }
  console.error(sentence);
  await end(1);
}

const logFile = (name: string) => path.join(localDir, 'logs', `${name}.log`);

await main().catch(fail);

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { exitCodeOf } from '../failure.ts';
import { serviceOf } from '../systemd/service.ts';
import { controlOfAgent } from './control-socket.ts';
import { handleSignals } from './early-signals.ts';
import { holdProcess } from './hold-process.ts';
import { endOnFaults } from './process-faults.ts';
import { refuseInspector } from './signals.ts';
import { startRelay } from './start-relay.ts';

/** Runs the agent until SIGTERM or SIGINT. @throws {Failure} if the agent cannot start */
export async function runAgent(file: string): Promise<void> {
  const { env } = process;
  refuseInspector();
  let signalled: NodeJS.Signals | undefined;
  const { promise: told, resolve } = Promise.withResolvers<void>();
  let reload: (() => void) | undefined;
  let hungUp = false;
  await handleSignals(['SIGTERM', 'SIGINT', 'SIGHUP'], (signal) => {
    if (signal === 'SIGHUP') {
      hungUp = true;
      reload?.();
      return;
    }
    // A second signal ends the process immediately.
    if (signalled !== undefined) process.exit(exitCodeOf(signal));
    signalled = signal;
    resolve();
  });
  if (signalled !== undefined) process.exit();

  const relay = await startRelay({
    file,
    env,
    logTo: 1,
    control: (configuration) => controlOfAgent(configuration, env),
  });
  const { agent, log } = relay;
  endOnFaults(log);
  if (relay.control === undefined) {
    log.warn({}, 'the agent has no control socket: set control.socket, or commands cannot find the agent');
  }
  const release = holdProcess();
  const service = serviceOf(env, { tokens: agent, log });
  reload = () => void service.whileReloading(() => relay.reload());
  // On a SIGHUP during the start, the file may have changed after it was read.
  if (hungUp) reload();
  void agent.settled.then(() => {
    log.info({}, 'ready');
    giveBackMemory();
    return service.ready();
  });

  await told;
  log.info({ signal: signalled }, 'stopping');
  await Promise.all([service.stopping(), relay.stop()]);
  log.info({}, 'stopped');
  release();
  process.exit();
}

/**
 * Runs a garbage collection after the start, which frees the text and the syntax tree of the configuration, and code
 * that ran once. An idle agent allocates so little that V8 would otherwise never collect them.
 *
 * @see https://nodejs.org/api/v8.html#v8setflagsfromstringflags
 */
function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}

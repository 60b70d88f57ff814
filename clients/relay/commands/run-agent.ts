import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { serviceOf } from '../systemd/service.ts';
import { controlOfAgent } from './control-socket.ts';
import { holdProcess } from './hold-process.ts';
import { endOnFaults } from './process-faults.ts';
import { refuseInspector, whenToldToEnd } from './signals.ts';
import { startRelay } from './start-relay.ts';

/** Runs the agent until SIGTERM or SIGINT. @throws {Failure} when it cannot start */
export async function runAgent(file: string): Promise<void> {
  const { env } = process;
  refuseInspector();
  const told = whenToldToEnd();
  let reload: (() => void) | undefined;
  let hungUp = false;
  process.on('SIGHUP', () => {
    hungUp = true;
    reload?.();
  });

  const relay = await startRelay({
    file,
    env,
    logTo: 1,
    control: (configuration) => controlOfAgent(configuration, env),
  });
  const { agent, log } = relay;
  endOnFaults(log);
  if (relay.control === undefined) {
    log.warn({}, 'there is no place for a control socket: set control.socket, or the commands find no agent');
  }
  const release = holdProcess();
  const service = serviceOf(env, { tokens: agent, log });
  reload = () => void service.whileReloading(() => relay.reload());
  // The file may have changed after it was read.
  if (hungUp) reload();
  void agent.settled.then(() => {
    log.info({}, 'ready');
    giveBackMemory();
    return service.ready();
  });

  const signal = await told;
  log.info({ signal }, 'stopping');
  await Promise.all([service.stopping(), relay.stop()]);
  log.info({}, 'stopped');
  release();
  process.exit();
}

/**
 * Collects what only the start needed: the text and the tree of the configuration, code that ran once. Without it, V8
 * would keep that for as long as the agent has little to do, which is for ever.
 *
 * @see https://nodejs.org/api/v8.html#v8setflagsfromstringflags
 */
function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}

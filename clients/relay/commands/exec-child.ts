import { usageFailure } from '@tvm/terminal/failure.ts';
import { awaitTokens } from '../child/await-tokens.ts';
import type { CommandLine } from '../child/child.ts';
import { endAs } from '../child/end-as.ts';
import { type OnRenewal, type Supervised, superviseChild } from '../child/supervise.ts';
import type { Configuration } from '../config/configuration.ts';
import { exitCodeOf, noTokenFailure } from '../failure.ts';
import { systemClock } from '../model/clock.ts';
import { serviceOf } from '../systemd/service.ts';
import { handleSignals } from './early-signals.ts';
import type { ExecOptions } from './exec-options.ts';
import { defaultConfiguration } from './global-options.ts';
import { holdProcess } from './hold-process.ts';
import { endOnFaults } from './process-faults.ts';
import { troubleOf } from './run-once.ts';
import { refuseInspector } from './signals.ts';
import { type Relay, startRelay } from './start-relay.ts';

/** Forwarded signals. Excludes SIGUSR1, which may be blocked so that it does not open Node’s inspector. */
const PASSED_ON = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH'] as const;

const DEFAULT_GRACE_SECONDS = 10;

type Chosen = Pick<ExecOptions, 'config' | 'environment' | 'onRenewal' | 'timeout'>;

/**
 * Runs an agent, and a child with the agent's tokens. Exits with the child's exit code or signal.
 *
 * @throws {Failure} only before the child is started
 */
export async function execChild(command: CommandLine, chosen: Chosen): Promise<void> {
  const { env } = process;
  refuseInspector();
  let supervised: Supervised | undefined;
  let relay: Relay | undefined;
  let told: NodeJS.Signals | undefined;
  await handleSignals(PASSED_ON, (signal) => {
    if (supervised) return supervised.signal(signal);
    if (signal === 'SIGWINCH') return;
    told ??= signal;
    if (relay) void endBeforeChild(relay, told);
  });
  if (told !== undefined) process.exit(exitCodeOf(told));

  // Opens a control socket only if one is configured: the default one may belong to the agent of the machine.
  relay = await startRelay({
    file: chosen.config ?? defaultConfiguration,
    env,
    logTo: 2,
    control: async ({ control }) => control,
  });
  if (told !== undefined) await endBeforeChild(relay, told);
  const { agent, log, configuration } = relay;
  endOnFaults(log, () => supervised?.abandon());
  const release = holdProcess();
  try {
    const { names, onRenewal } = settingsOf(chosen, configuration);
    if (typeof onRenewal !== 'string' && names.length > 0) {
      log.warn(
        { tokens: names },
        'a signal cannot change the environment: the child keeps the tokens that it was started with',
      );
    }
    await awaitAll(names, relay, chosen.timeout);
    if (told !== undefined) await endBeforeChild(relay, told);
    supervised = superviseChild({
      command,
      configuration,
      names,
      onRenewal,
      tokens: agent,
      env,
      grace: (configuration.exec?.stop_timeout_seconds ?? DEFAULT_GRACE_SECONDS) * 1_000,
      log,
      clock: systemClock,
    });
  } catch (error) {
    await relay.stop();
    release();
    throw error;
  }
  const service = serviceOf(env, { tokens: agent, log });
  void service.ready();
  const ending = await supervised.ended;
  await Promise.all([service.stopping(), relay.stop()]);
  endAs(ending, command[0]);
}

/** Returns the settings from the options, else from the configuration. @throws {Failure} for an unknown token */
export function settingsOf(
  { environment, onRenewal }: Pick<Chosen, 'environment' | 'onRenewal'>,
  { tokens, exec }: Configuration,
): { names: string[]; onRenewal: OnRenewal } {
  const known = tokens.map(({ name }) => name);
  const action = onRenewal === undefined ? (exec?.on_renewal ?? 'restart') : asAction(onRenewal);
  const names = environment ?? exec?.environment ?? (typeof action === 'string' ? known : []);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw usageFailure(`the configuration has no token ${unknown}; it has ${known.join(', ')}`, '--environment');
  }
  return { names, onRenewal: action };
}

function asAction(chosen: NonNullable<ExecOptions['onRenewal']>): OnRenewal {
  return chosen === 'restart' || chosen === 'nothing' ? chosen : { signal: chosen };
}

// A child without a token in its environment reads files or endpoints, so all tokens must be available.
async function awaitAll(names: readonly string[], relay: Relay, seconds: number): Promise<void> {
  const { agent, configuration } = relay;
  const awaited = names.length > 0 ? names : configuration.tokens.map(({ name }) => name);
  const missing = await awaitTokens(awaited, relay, systemClock, seconds * 1_000);
  if (missing.length === 0) return;
  const reasons = agent
    .statuses()
    .filter(({ name }) => missing.includes(name))
    .map(troubleOf);
  throw noTokenFailure(`the command was not started: not all tokens were available within ${seconds} s`, reasons);
}

async function endBeforeChild(relay: Relay, signal: NodeJS.Signals): Promise<never> {
  await relay.stop();
  process.exit(exitCodeOf(signal));
}

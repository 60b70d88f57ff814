import type { Configuration } from '../config/configuration.ts';
import { faultDetails } from '../failure.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { Tokens } from '../model/tokens.ts';
import { type Child, type CommandLine, type Ending, startChild } from './child.ts';
import { childEnvironment, type TokenVariables, tokenVariables } from './child-environment.ts';
import { reachedChild } from './terminal.ts';

/** What to do with the child when a token is renewed. */
export type OnRenewal = NonNullable<NonNullable<Configuration['exec']>['on_renewal']>;

/** Renewals less than this time apart are handled together, in milliseconds. */
const COLLECT_MILLISECONDS = 1_000;
/** The longest time from a renewal to its handling, in milliseconds: frequent renewals must not delay it forever. */
const LONGEST_COLLECT_MILLISECONDS = 3_000;

/** Signals that ask the child to exit. After one of them, the child is not restarted. */
const TO_END: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

export interface Supervision {
  command: CommandLine;
  configuration: Configuration;
  /** The names of the tokens in the child's environment. All of them are available. */
  names: readonly string[];
  onRenewal: OnRenewal;
  tokens: Pick<Tokens, 'current' | 'onChange'>;
  env: NodeJS.ProcessEnv;
  /** How long the child may take to exit after SIGTERM, in milliseconds. */
  grace: number;
  log: Log;
  clock: Clock;
}

/** A child that is restarted or signalled when a token is renewed. */
export interface Supervised {
  /** Resolves when the child has exited and is not restarted. */
  readonly ended: Promise<Ending>;
  /** Forwards a signal to the child. After SIGTERM, the child and what it started have the grace period to exit. */
  signal(signal: NodeJS.Signals): void;
  /** Sends SIGTERM to the child and everything that it started, without waiting. */
  abandon(): void;
}

/** Starts a child with tokens in its environment. Everything that it starts ends with it. @throws {Failure} if a token cannot be a variable */
export function superviseChild({
  command,
  configuration,
  names,
  onRenewal,
  tokens,
  env,
  grace,
  log,
  clock,
}: Supervision): Supervised {
  const variablesNow = () => tokenVariables(names, configuration, tokens);
  const start = () => startChild({ command, env: childEnvironment(env, configuration, variables), grace, clock, log });
  let variables: TokenVariables = variablesNow() ?? {};
  let child: Child = start();
  let toldToEnd = false;
  let isRestarting = false;
  let restart: (() => void) | undefined;

  const renewed = () => {
    if (toldToEnd || onRenewal === 'nothing') return;
    if (onRenewal === 'restart') {
      if (hasChanged(variables, variablesNow())) restart?.();
      return;
    }
    log.info({ signal: onRenewal.signal }, 'a token was renewed: signalling the child');
    child.signal(onRenewal.signal);
  };
  let forget = () => {};
  /** The time of the first renewal that is not handled yet, by the monotonic clock. */
  let collectingSince: number | undefined;
  const endListening = tokens.onChange((name, token) => {
    if (token === undefined) {
      if (names.includes(name)) log.warn({ token: name }, 'the child continues with a token that is no longer valid');
      return;
    }
    forget();
    collectingSince ??= clock.elapsed();
    const longest = collectingSince + LONGEST_COLLECT_MILLISECONDS - clock.elapsed();
    forget = clock.after(Math.max(0, Math.min(COLLECT_MILLISECONDS, longest)), () => {
      collectingSince = undefined;
      try {
        renewed();
      } catch (error) {
        log.error({ fault: faultDetails(error) }, 'the child keeps its tokens: the new ones cannot be variables');
      }
    });
  });

  const untilItEnds = async (): Promise<Ending> => {
    for (let restarts = 1; ; restarts += 1) {
      const asked = new Promise<'restart'>((resolve) => {
        restart = () => resolve('restart');
      });
      const ending = await Promise.race([child.ended, asked]);
      // The child may have exited, while what it left running is being ended.
      if (ending !== 'restart' || child.hasExited()) return await child.ended;
      log.info({ restarts }, 'a token was renewed: restarting the child');
      isRestarting = true;
      const last = await child.end();
      isRestarting = false;
      if (toldToEnd) return last;
      variables = variablesNow() ?? variables;
      child = start();
    }
  };
  return {
    ended: untilItEnds().finally(() => {
      endListening();
      forget();
    }),
    signal(signal) {
      if (TO_END.includes(signal)) toldToEnd = true;
      // Do not send a signal twice: many programs abort their cleanup at a second signal.
      if (reachedChild(signal) || (isRestarting && signal === 'SIGTERM')) return;
      if (signal === 'SIGTERM') void child.end();
      else child.signal(signal);
    },
    abandon: () => child.abandon(),
  };
}

function hasChanged(old: TokenVariables, now: TokenVariables | undefined): boolean {
  if (now === undefined) return false;
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].some((name) => old[name] !== now[name]);
}

import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { AfterRenewal } from '../settings/hooks.ts';
import { runToSuccess } from './run-to-success.ts';
import { signalPidFile } from './signal-pid-file.ts';

/** The hooks that run after each renewal of one token. */
export interface RenewalHooks {
  /** Runs the hooks. If they are already running, runs them once more afterwards. Retries those that fail. */
  run(): void;
  /** Returns the error of the last run, if it failed. */
  trouble(): string | undefined;
  /** Ends the retries, because the token was withdrawn. */
  giveUp(): void;
  /** Aborts a run in progress, and ends the retries. */
  stop(): void;
}

/** The waits before the first and before later retries of failed hooks, in milliseconds. Each wait is twice the last. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 10_000;

export interface HookTools {
  clock: Clock;
  log: Log;
  /** The path of the configuration. Commands run only if no other user can write it. */
  configFile: string;
  /** Called after each run. */
  changed(): void;
}

export function renewalHooks(
  actions: readonly AfterRenewal[],
  token: string,
  { clock, log, configFile, changed }: HookTools,
): RenewalHooks {
  const controller = new AbortController();
  let isRunning = false;
  let isAsked = false;
  let isGivenUp = false;
  let trouble: string | undefined;
  let wake = () => {};

  /** Performs actions. A failing one does not affect the others. @returns those that failed */
  async function performAll(some: readonly AfterRenewal[], failures: number): Promise<AfterRenewal[]> {
    const failed: AfterRenewal[] = [];
    let firstReason: string | undefined;
    for (const action of some) {
      try {
        await perform(action, token, { configFile, signal: controller.signal });
        log.info({ token, ...labelOf(action) }, 'an after_renewal hook succeeded');
      } catch (error) {
        if (controller.signal.aborted) return [];
        const reason = reasonOf(error);
        failed.push(action);
        firstReason ??= reason;
        const details = { token, ...labelOf(action), error: reason, retry_in_seconds: retryWait(failures) / 1_000 };
        // A hook may fail until the next renewal. Repeating the error every few seconds would flood the log.
        log[failures === 0 ? 'error' : 'debug'](details, 'an after_renewal hook failed');
      }
    }
    trouble = firstReason && `after_renewal: ${firstReason}`;
    return failed;
  }

  async function runWhileNeeded(): Promise<void> {
    isRunning = true;
    let owed: readonly AfterRenewal[] = [];
    let failures = 0;
    while (isAsked || (owed.length > 0 && !isGivenUp)) {
      if (isAsked) {
        isAsked = false;
        owed = actions;
        failures = 0;
      } else {
        await pause(retryWait(failures - 1));
        if (isAsked || isGivenUp) continue;
      }
      owed = await performAll(owed, failures);
      failures += 1;
      if (!isAsked) changed();
    }
    isRunning = false;
  }

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(milliseconds, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  }

  return {
    run() {
      if (actions.length === 0 || controller.signal.aborted) return;
      isAsked = true;
      isGivenUp = false;
      wake();
      if (!isRunning) void runWhileNeeded();
    },
    trouble: () => trouble,
    giveUp() {
      isGivenUp = true;
      wake();
    },
    stop() {
      controller.abort();
      isAsked = false;
      isGivenUp = true;
      wake();
    },
  };
}

function retryWait(failuresBefore: number): number {
  return Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(failuresBefore, 10));
}

/** @throws {CommandFailure} */
function perform(
  action: AfterRenewal,
  token: string,
  tools: { configFile: string; signal: AbortSignal },
): Promise<void> {
  if ('pid_file' in action) return signalPidFile(action.pid_file, action.signal);
  const { timeout_seconds: timeoutSeconds } = action;
  return runToSuccess(commandOf(action), { TOKENRELAY_TOKEN: token }, { ...tools, timeoutSeconds });
}

/** Returns the command line of a hook: its command, or systemctl(1) with `kill` or the action of a unit. */
export function commandOf(action: Exclude<AfterRenewal, { pid_file: string }>): readonly string[] {
  if ('command' in action) return action.command;
  const { unit } = action;
  if ('action' in action) return ['systemctl', '--no-ask-password', action.action, unit];
  // Signal only the main process: other processes of a service may not handle the signal. Scopes have no main process.
  const whom = unit.endsWith('.service') ? ['--kill-who=main'] : [];
  return ['systemctl', '--no-ask-password', 'kill', `--signal=${action.signal}`, ...whom, unit];
}

/** Describes a hook for logs, without the arguments of a command. */
function labelOf(action: AfterRenewal): object {
  if ('command' in action) return { command: action.command[0] };
  if ('pid_file' in action) return { signal: action.signal, pid_file: action.pid_file };
  return 'action' in action
    ? { action: action.action, unit: action.unit }
    : { signal: action.signal, unit: action.unit };
}

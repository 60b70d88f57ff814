import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { AfterRenewal } from '../settings/hooks.ts';
import { runToSuccess } from './run-to-success.ts';
import { signalPidFile } from './signal-pid-file.ts';

/** The hooks that run after each renewal of one token. */
export interface RenewalHooks {
  /** Runs the hooks. If they are already running, runs them once more afterwards. */
  run(): void;
  /** Returns the error of the last run, if it failed. Failed hooks run again only after the next renewal. */
  trouble(): string | undefined;
  /** Aborts a run in progress. */
  stop(): void;
}

export interface HookTools {
  log: Log;
  /** The path of the configuration. Commands run only if no other user can write it. */
  configFile: string;
  /** Called after each run. */
  changed(): void;
}

export function renewalHooks(
  actions: readonly AfterRenewal[],
  token: string,
  { log, configFile, changed }: HookTools,
): RenewalHooks {
  const controller = new AbortController();
  let isRunning = false;
  let isAsked = false;
  let trouble: string | undefined;

  async function runAll(): Promise<void> {
    // A failing hook does not affect the others.
    const faults: string[] = [];
    for (const action of actions) {
      try {
        await perform(action, token, { configFile, signal: controller.signal });
        log.info({ token, ...labelOf(action) }, 'an after_renewal hook succeeded');
      } catch (error) {
        if (controller.signal.aborted) return;
        const reason = reasonOf(error);
        faults.push(`after_renewal: ${reason}`);
        log.error({ token, ...labelOf(action), error: reason }, 'an after_renewal hook failed');
      }
    }
    trouble = faults[0];
  }

  async function runWhileAsked(): Promise<void> {
    isRunning = true;
    while (isAsked && !controller.signal.aborted) {
      isAsked = false;
      await runAll();
    }
    isRunning = false;
    changed();
  }

  return {
    run() {
      if (actions.length === 0) return;
      isAsked = true;
      if (!isRunning) void runWhileAsked();
    },
    trouble: () => trouble,
    stop: () => controller.abort(),
  };
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

import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { AfterRenewal } from '../settings/hooks.ts';
import { runToSuccess } from './run-to-success.ts';
import { signalPidFile } from './signal-pid-file.ts';

/** What is done after each renewal of one token. */
export interface RenewalHooks {
  /** Does it now, or once more when it is being done: never twice at once. */
  run(): void;
  /** Why it failed last time, if it did. It is done again at the next renewal, and not before. */
  trouble(): string | undefined;
  /** Ends what goes on. */
  stop(): void;
}

export interface HookTools {
  log: Log;
  /** A command in it is run only where nobody else can write it. */
  configFile: string;
  /** Is told after each time. */
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
    // One that fails keeps no other from being done.
    const faults: string[] = [];
    for (const action of actions) {
      try {
        await perform(action, token, { configFile, signal: controller.signal });
        log.info({ token, ...labelOf(action) }, 'an action after renewal is done');
      } catch (error) {
        if (controller.signal.aborted) return;
        const reason = reasonOf(error);
        faults.push(`after renewal: ${reason}`);
        log.error({ token, ...labelOf(action), error: reason }, 'an action after renewal failed');
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

/** `systemctl(1)`: `kill` and the actions of units. */
export function commandOf(action: Exclude<AfterRenewal, { pid_file: string }>): readonly string[] {
  if ('command' in action) return action.command;
  const { unit } = action;
  if ('action' in action) return ['systemctl', '--no-ask-password', action.action, unit];
  // A service’s own process knows what the signal means; others of its group may end by it. Scopes have no main process.
  const whom = unit.endsWith('.service') ? ['--kill-who=main'] : [];
  return ['systemctl', '--no-ask-password', 'kill', `--signal=${action.signal}`, ...whom, unit];
}

/** For logs: the arguments of a command stay unsaid. */
function labelOf(action: AfterRenewal): object {
  if ('command' in action) return { command: action.command[0] };
  if ('pid_file' in action) return { signal: action.signal, pid_file: action.pid_file };
  return 'action' in action
    ? { action: action.action, unit: action.unit }
    : { signal: action.signal, unit: action.unit };
}

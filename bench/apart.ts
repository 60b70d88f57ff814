import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { CheckFailed } from './check.ts';

type Report = { result: unknown } | { failed: string };

/**
 * Starts a script of this folder in its own process, so that the measurement covers only that script. Its logs are
 * written as in production, but to the null device.
 */
export function start(script: string, ...args: string[]): ChildProcess {
  return fork(new URL(script, import.meta.url), args, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
    env: {
      ...process.env,
      POWERTOOLS_SERVICE_NAME: 'issue-token',
      POWERTOOLS_METRICS_NAMESPACE: 'TokenVendingMachine',
      AWS_LAMBDA_FUNCTION_NAME: 'issue-token',
    },
  });
}

/** Returns the next report of a started script. */
export async function reportOf<T>(script: ChildProcess): Promise<T> {
  const settled = new AbortController();
  const [report] = (await Promise.race([
    once(script, 'message', settled),
    once(script, 'exit', settled).then(([code]) => [{ failed: `a measuring process exited with ${code}` }]),
  ])) as [Report];
  settled.abort();
  if ('failed' in report) throw new CheckFailed(report.failed);
  return report.result as T;
}

/** Reports the result to the process that started this one. */
export async function report(measure: () => Promise<unknown>): Promise<void> {
  const report: Report = await measure().then(
    (result) => ({ result }),
    (error: Error) => ({ failed: error instanceof CheckFailed ? error.message : String(error.stack) }),
  );
  process.send?.(report);
}

import { constants } from 'node:os';

/** The exit code of a process that a signal ended, as shells have it. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Waits for SIGTERM or SIGINT. A second one ends the process at once. */
export function whenToldToEnd(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let told = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (told) process.exit(exitCodeOf(signal));
        told = true;
        resolve(signal);
      });
    }
  });
}

/** Lets no SIGUSR1 open Node's inspector, by which memory is read, also where Node runs without `--disable-sigusr1`. */
export function refuseInspector(): void {
  process.on('SIGUSR1', () => {});
}

import { exitCodeOf } from '../failure.ts';

/** Waits for SIGTERM or SIGINT. A second signal ends the process immediately. */
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

/** Keeps SIGUSR1 from opening Node's inspector, which can read memory, if Node runs without `--disable-sigusr1`. */
export function refuseInspector(): void {
  process.on('SIGUSR1', () => {});
}

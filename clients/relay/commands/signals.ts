import { exitCodeOf } from '../failure.ts';

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

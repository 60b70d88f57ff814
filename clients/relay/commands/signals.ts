/** Keeps SIGUSR1 from opening Node's inspector, which can read memory, if Node runs without `--disable-sigusr1`. */
export function refuseInspector(): void {
  process.on('SIGUSR1', () => {});
}

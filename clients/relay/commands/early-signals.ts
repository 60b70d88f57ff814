/**
 * Keeps signals from their default action as soon as the program runs, until its command handles them. Otherwise a
 * SIGHUP that arrives while the code is loaded would end an agent that should reload. Imported before all other code.
 */
const KEPT = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

const early: NodeJS.Signals[] = [];
const keep = (signal: NodeJS.Signals) => void early.push(signal);
for (const signal of KEPT) process.on(signal, keep);

/**
 * Handles signals from now on, and those received since the start of the program.
 *
 * @returns a promise that resolves when all signals received before this call are handled
 */
export async function handleSignals(
  signals: readonly NodeJS.Signals[],
  handle: (signal: NodeJS.Signals) => void,
): Promise<void> {
  for (const signal of signals) process.on(signal, handle);
  for (const signal of KEPT) process.removeListener(signal, keep);
  for (const signal of early.splice(0)) if (signals.includes(signal)) handle(signal);
  await delivery();
}

/** Gives signals their default action, including the first signal received since the start of the program. */
export async function releaseSignals(): Promise<void> {
  await delivery();
  for (const signal of KEPT) process.removeListener(signal, keep);
  const [first] = early.splice(0);
  if (first !== undefined) process.kill(process.pid, first);
}

/** Node delivers signals only between other events, so none is delivered while the program is loaded. */
function delivery(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

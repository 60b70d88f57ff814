/** An implementation to compare with others. Each call performs the operation once. */
export type Operation = () => Promise<unknown>;

/** The cost of one operation, in microseconds. */
export interface Cost {
  /** CPU time of the whole process, including its threads, garbage collector and compiler. */
  cpu: number;
  wall: number;
}

/** The cost of an operation and the ratio of its CPU time to that of the first operation. */
export interface Comparison extends Cost {
  ratio: number;
}

/** How long one operation runs before the next operation has its turn, in milliseconds. */
const TURN = 150;

/** Maximum warm-up time of an operation, in milliseconds. 8,000 calls are enough for every operation. */
const WARM_UP = 2_500;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Compares operations in interleaved rounds (A B C, A B C, …), so that a slowdown of the computer affects all of them.
 *
 * @returns for each operation, the medians of its costs and of its ratios to the first operation of the same round
 */
export async function compare<Name extends string>(
  operations: Record<Name, Operation>,
  rounds: number,
): Promise<Record<Name, Comparison>> {
  const names = Object.keys(operations) as Name[];
  const turns = new Map<Name, number>();
  for (const name of names) turns.set(name, await warmUp(operations[name]));

  const costs = new Map<Name, Cost[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) costs.get(name)?.push(await cost(operations[name], turns.get(name) ?? 1));
  }
  return Object.fromEntries(
    names.map((name) => [name, comparison(costs.get(name), costs.get(names[0] as Name))]),
  ) as Record<Name, Comparison>;
}

function comparison(own: Cost[] = [], first: Cost[] = []): Comparison {
  return {
    cpu: median(own.map(({ cpu }) => cpu)),
    wall: median(own.map(({ wall }) => wall)),
    ratio: median(own.map(({ cpu }, round) => cpu / (first[round]?.cpu ?? Number.NaN))),
  };
}

/**
 * Runs an operation until the JavaScript and wasm compilers have optimized it. @returns the number of calls that fill a
 * turn
 */
async function warmUp(operation: Operation): Promise<number> {
  const until = performance.now() + WARM_UP;
  for (let batch = 0; batch < 80 && performance.now() < until; batch++) await cost(operation, 100);
  const { wall } = await cost(operation, 100);
  return Math.max(1, Math.round((TURN * 1_000) / wall));
}

async function cost(operation: Operation, times: number): Promise<Cost> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < times; i++) await operation();
  const wall = (performance.now() - start) * 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / times, wall: wall / times };
}

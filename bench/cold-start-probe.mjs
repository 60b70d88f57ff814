/**
 * `node cold-start-probe.mjs <bundle> <event file> <warm events>`: imports a function's bundle as Lambda does and
 * passes it its first event. Writes the end of each phase, in milliseconds since the process started, to file
 * descriptor 3. Then passes the same event some more times and writes the CPU time of one event, in microseconds.
 */
import { readFileSync, writeSync } from 'node:fs';

const started = performance.now();
const [, , bundle, eventFile, warmEvents] = process.argv;
const spent = { wasmCompile: 0, policyParse: 0 };

/** @template T @param {keyof typeof spent} phase @param {() => T} work */
const timed = (phase, work) => {
  const start = performance.now();
  const result = work();
  spent[phase] += performance.now() - start;
  return result;
};

const { Module, Instance } = WebAssembly;
WebAssembly.Module = new Proxy(Module, {
  construct: (target, args) => timed('wasmCompile', () => Reflect.construct(target, args)),
});
WebAssembly.Instance = new Proxy(Instance, {
  construct(target, args) {
    const { exports } = timed('wasmCompile', () => Reflect.construct(target, args));
    const parse = /** @type {Function} */ (exports.preparsePolicySet);
    if (parse === undefined) return { exports };
    /** @param {unknown[]} call */
    const preparsePolicySet = (...call) => timed('policyParse', () => parse(...call));
    return { exports: { ...exports, preparsePolicySet } };
  },
});

const event = JSON.parse(readFileSync(eventFile ?? '', 'utf8'));
const context = { functionName: 'bench', awsRequestId: 'bench', getRemainingTimeInMillis: () => 10_000 };

const ready = performance.now();
const { handler } = await import(bundle ?? '');
const imported = performance.now();
const response = await handler(event, context);
const answered = performance.now();

const times = Number(warmEvents);
for (let i = 0; i < times / 2; i++) await handler(event, context);
const before = process.cpuUsage();
for (let i = 0; i < times; i++) await handler(event, context);
const { user, system } = process.cpuUsage(before);

writeSync(
  3,
  JSON.stringify({
    response: response ?? null,
    processStart: started,
    import: imported - ready - spent.wasmCompile - spent.policyParse,
    ...spent,
    firstAnswer: answered - imported,
    total: answered - (ready - started),
    warmCpu: times > 0 ? (user + system) / times : 0,
  }),
);
process.exit(0);

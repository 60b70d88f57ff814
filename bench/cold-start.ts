import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Bundle, withBundles } from './bundles.ts';
import { CheckFailed } from './check.ts';
import type { FirstEvent } from './first-event.ts';
import { firstEvents } from './first-events.ts';
import { median } from './measure.ts';
import { ISSUER } from './service-in-memory.ts';
import { type StubAws, startStubAws } from './stub-aws.ts';

const ROUNDS = 9;
const WARM_EVENTS = 1_500;
const PROBE = fileURLToPath(new URL('cold-start-probe.mjs', import.meta.url));

/** Milliseconds that a fresh process spends in each phase, and in total until its first response. */
export interface Phases {
  /** Node itself. */
  processStart: number;
  /** Reading, compiling and running the bundle's JavaScript. */
  import: number;
  /** Compiling and instantiating the Cedar wasm. */
  wasmCompile: number;
  /** Parsing the policies. */
  policyParse: number;
  /** The first event, with its AWS calls. */
  firstAnswer: number;
  total: number;
}

/** The measurements of one function. */
export interface ColdStart extends Phases {
  /** Bytes of the deployed files, by name. */
  sizes: Record<string, number>;
  /** The AWS operations that the first response needed. */
  awsCalls: string[];
}

export interface ColdStarts {
  functions: Record<string, ColdStart>;
  /** CPU time of one token in the warm, deployed `issue-token`, AWS SDK included, in microseconds. */
  warmTokenCpu: number;
}

type Probed = Phases & { response: unknown; warmCpu: number };

/** Measures the cold start of every function's deployed bundle, in fresh processes of this Node, with a stub of AWS. */
export async function coldStarts(): Promise<ColdStarts> {
  const aws = await startStubAws();
  const folder = mkdtempSync(join(tmpdir(), 'tvm-bench-events-'));
  try {
    return await withBundles(ISSUER, async (bundles) => {
      const { record, events } = await firstEvents(ISSUER, aws);
      aws.record = record;
      const subjects = bundles.map((bundle) => {
        const first = events[bundle.useCase];
        if (first === undefined) throw new CheckFailed(`there is no first event for ${bundle.useCase}`);
        const eventFile = join(folder, `${bundle.useCase}.json`);
        writeFileSync(eventFile, JSON.stringify(first.event));
        return { bundle, first, eventFile, rounds: [] as Probed[], awsCalls: [] as string[] };
      });
      for (let round = 0; round < ROUNDS; round++) {
        for (const subject of subjects) {
          aws.calls.length = 0;
          subject.rounds.push(await probe(subject.bundle, subject.first, subject.eventFile, aws));
          subject.awsCalls = aws.calls.toSorted();
        }
      }
      const issuing = subjects.find(({ bundle }) => bundle.useCase === 'issue-token');
      if (issuing === undefined) throw new CheckFailed('the app has no function issue-token');
      const warm = await probe(issuing.bundle, issuing.first, issuing.eventFile, aws, WARM_EVENTS);
      return {
        functions: Object.fromEntries(
          subjects.map(({ bundle: { useCase, sizes }, rounds, awsCalls }) => [
            useCase,
            { ...medians(rounds), sizes, awsCalls },
          ]),
        ),
        warmTokenCpu: warm.warmCpu,
      };
    });
  } finally {
    aws.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Measures one fresh process. */
async function probe(
  bundle: Bundle,
  first: FirstEvent,
  eventFile: string,
  aws: StubAws,
  warmEvents = 0,
): Promise<Probed> {
  const child = spawn(process.execPath, [PROBE, bundle.entry, eventFile, String(warmEvents)], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: {
      ...bundle.environment,
      ...first.environment,
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_LAMBDA_FUNCTION_NAME: bundle.useCase,
    },
  });
  const [said, complaint] = await Promise.all([
    text(child.stdio[3] as Readable),
    text(child.stderr as Readable),
    once(child, 'exit'),
  ]);
  if (said === '')
    throw new CheckFailed(`${bundle.useCase} sent no response to its first event: ${errorIn(complaint)}`);
  const probed: Probed = JSON.parse(said);
  await first.check(probed.response, warmEvents === 0 ? aws.calls : []);
  return probed;
}

function medians(rounds: readonly Probed[]): Phases {
  const of = (phase: keyof Phases) => median(rounds.map((round) => round[phase]));
  return {
    processStart: of('processStart'),
    import: of('import'),
    wasmCompile: of('wasmCompile'),
    policyParse: of('policyParse'),
    firstAnswer: of('firstAnswer'),
    total: of('total'),
  };
}

/** Returns the line with the error message from the output that Node prints for an uncaught error. */
function errorIn(complaint: string): string {
  return complaint.split('\n').findLast((line) => /^\w*Error\b/.test(line)) ?? complaint.slice(0, 200);
}

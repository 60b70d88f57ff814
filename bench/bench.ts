import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportOf, start } from './apart.ts';
import { CheckFailed } from './check.ts';
import { type ColdStarts, coldStarts } from './cold-start.ts';
import type { DecisionBySize } from './decision-against-cedar.ts';
import type { HandlerAgainstBareSignature } from './handler-against-bare-signature.ts';
import { type OidcProviderBesideOurs, oidcProviderBesideOurs } from './oidc-provider.ts';
import { type RelayMeasures, relayMeasures } from './relay.ts';
import type { RevocationDelays } from './revocation-delay.ts';
import type { StatusListByRevoked } from './status-lists.ts';
import { type Section, table } from './table.ts';
import { type Writes, writesByDecision } from './writes.ts';

const HELP = `Usage: npm run bench -- [--output FILE]

Measures what a token costs, and prints a table; takes some eight minutes.
  (a) the issue-token handler against a bare ES256 signature
  (b) the cold start of every function
  (c) node-oidc-provider beside ours
  (d) decisions by the number of policies
  (e) a status list of a million tokens
  (f) revocations, from the event until they are seen, also while another workload makes expensive requests
  (h) items written for a token and for a denial
  (g) TokenRelay: its start, its memory, its renewals, its recovery

Options:
  --output FILE  where the numbers are written as JSON (default: .local/bench.json)
  --help         show this`;

/** The target values. */
const AIMS = {
  handler: 3,
  check: 2_000,
  coldStart: 250,
  bundle: 1_000_000,
  firstFile: 200,
  /** MiB, by the measured process. */
  resident: {
    '1 token': 70,
    '200 tokens': 100,
    'tvm, keys in the environment': 85,
    'tvm, by the AWS credential chain': 85,
  } as Record<string, number>,
  recovery: 5_000,
} as const;

const DEFAULT_OUTPUT = fileURLToPath(new URL('../.local/bench.json', import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { output: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(HELP);
  const output = values.output ?? DEFAULT_OUTPUT;
  const machine = { processors: availableParallelism(), loadBefore: loadavg()[0] ?? 0 };

  progress('(a) the handler compared with a bare signature');
  const handler = await reportOf<HandlerAgainstBareSignature>(start('handler-against-bare-signature.ts'));
  progress('(b) cold starts, after synthesizing the app');
  const cold = await coldStarts();
  progress('(c) node-oidc-provider compared with TVM');
  const oidcProvider = await oidcProviderBesideOurs();
  progress('(d) decisions by the number of policies');
  const decisions = await reportOf<DecisionBySize[]>(start('decision-against-cedar.ts'));

  progress('(e) a status list of a million tokens');
  const lists = await reportOf<StatusListByRevoked[]>(start('status-lists.ts'));

  progress('(f) revocations, in a deployment of their own');
  const revocations = await reportOf<RevocationDelays>(start('revocation-delay.ts'));

  progress('(g) TokenRelay');
  const relay = await relayMeasures();

  progress('(h) writes');
  const writes = await writesByDecision();

  mkdirSync(dirname(output), { recursive: true });
  const results = { node: process.version, platform: `${process.platform}-${process.arch}`, machine, aims: AIMS };
  writeFileSync(
    output,
    `${JSON.stringify({ ...results, handler, cold, oidcProvider, decisions, statusLists: lists, revocations, relay, writes }, undefined, 2)}\n`,
  );
  console.log(
    `\n${table([handlerSection(handler), ...coldStartSections(cold), oidcProviderSection(oidcProvider), decisionSection(decisions), statusListSection(lists), revocationSection(revocations), ...relaySections(relay), writesSection(writes)])}`,
  );
  console.log(
    ` The computer’s load before the bench: ${machine.loadBefore.toFixed(1)} on ${machine.processors} processors. ` +
      `On a busy computer the ratios of (a) and (c)\n vary from run to run. Written to ${relative(process.cwd(), output)}.`,
  );
}

function progress(part: string): void {
  console.error(`Measuring ${part} …`);
}

function handlerSection(handler: HandlerAgainstBareSignature): Section {
  return {
    title: '(a) One token, compared with a bare ES256 signature of its claims with jose',
    header: ['', 'CPU µs', 'wall µs', 'ratio', 'aim', ''],
    rows: Object.entries(handler).map(([name, { cpu, wall, ratio }]) => {
      const aim = name === 'bare signature' ? undefined : AIMS.handler;
      return [name, whole(cpu), whole(wall), times(ratio), ...against(ratio, aim, times)];
    }),
    note:
      'The whole issue-token handler, from API Gateway event to JSON response, for one (action, location) pair: middy, ' +
      'logger and metrics as in production, with standard output to the null device; ports in memory; a local ' +
      'node:crypto key. CPU time of the process and its threads. Ratio: median over interleaved rounds.',
  };
}

function coldStartSections({ functions, warmTokenCpu }: ColdStarts): Section[] {
  const entries = Object.entries(functions);
  return [
    {
      title: '(b) Cold start: milliseconds from process start to the first response',
      header: ['', 'node', 'import', 'wasm', 'policies', 'response', 'total', 'aim', ''],
      rows: entries.map(
        ([useCase, { processStart, import: imported, wasmCompile, policyParse, firstAnswer, total }]) => {
          const phases = [processStart, imported, wasmCompile, policyParse, firstAnswer, total].map(whole);
          return [useCase, ...phases, ...against(total, useCase === 'issue-token' ? AIMS.coldStart : undefined, whole)];
        },
      ),
      note:
        'Bundles as synthesized for deployment, on this computer’s processor, in fresh, interleaved processes; medians. ' +
        'AWS is a stub on loopback without TLS that responds at once, so network and KMS are excluded. Warm, ' +
        `issue-token with the AWS SDK’s three calls costs ${whole(warmTokenCpu)} µs of CPU per token.`,
    },
    {
      title: '(b) Deployed size, in kB',
      header: ['', 'index.mjs', 'wasm', 'other', 'aim', ''],
      rows: entries.map(([useCase, { sizes }]) => {
        const { 'index.mjs': code = 0, 'cedar_wasm_bg.wasm': wasm = 0, ...rest } = sizes;
        const other = Object.values(rest).reduce((sum, size) => sum + size, 0);
        return [useCase, kilo(code), kilo(wasm), kilo(other), ...against(code, AIMS.bundle, kilo)];
      }),
      note: 'Not compressed. The aim applies to index.mjs alone.',
    },
  ];
}

function oidcProviderSection({ tvm, oidcProvider, nothing, ratio }: OidcProviderBesideOurs): Section {
  return {
    title: '(c) A JWT access token (at+jwt, ES256) with client_credentials over HTTP',
    header: ['', 'CPU µs', 'ratio to TVM'],
    rows: [
      ['TVM, 10 policies', whole(tvm), times(1)],
      ['node-oidc-provider', whole(oidcProvider), times(ratio)],
      ['node:http alone', whole(nothing), times(nothing / tvm)],
    ],
    note:
      'Each behind the same node:http server on loopback, in its own process, with one request after the other; ' +
      'CPU time of that process. Both keep everything in memory and sign locally. TVM also evaluates policy and writes a ' +
      'record; API Gateway authenticates its callers. oidc-provider authenticates clients with client_secret_post.',
  };
}

function decisionSection(decisions: readonly DecisionBySize[]): Section {
  return {
    title: '(d) One policy decision, by the number of policies',
    header: ['', 'TVM, CPU µs', 'whole set', 'times less', 'first decision ms', 'check ms', 'aim', ''],
    rows: decisions.map(({ policies, ours, whole: all, firstDecision, check }) => [
      policies.toLocaleString('en'),
      whole(ours.cpu),
      whole(all.cpu),
      times(1 / ours.ratio),
      whole(firstDecision),
      whole(check),
      ...against(check, policies <= 1_000 ? AIMS.check : undefined, whole),
    ]),
    note:
      'TVM evaluates only the policies that apply to the request. Compared with bare statefulIsAuthorized over the whole set, ' +
      'preparsed, with the same input. First decision: time from the bundle’s JSON to a decision, as in a cold start. ' +
      'Check: `tvm policy check` on the set in one file, without the start of Node.',
  };
}

function statusListSection(lists: readonly StatusListByRevoked[]): Section {
  return {
    title: '(e) A status list of 1,000,000 tokens, when one more is revoked',
    header: ['revoked', 'bits, bytes', 'compressed', 'signed', 'rebuild, CPU ms', 'deflate alone', 'ratio'],
    rows: lists.map(({ revoked, bits, compressed, token, rebuild, deflate }) => [
      `${revoked * 100} %`,
      ...[bits, compressed, token].map((bytes) => bytes.toLocaleString('en')),
      (rebuild.cpu / 1_000).toFixed(1),
      (deflate.cpu / 1_000).toFixed(1),
      times(rebuild.ratio),
    ]),
    note:
      'Revoked tokens are spread over the list. Rebuild: inflate, set, deflate, sign with a local ES256 key; the store is in memory. ' +
      'Compared with deflating the same bits at the same level.',
  };
}

function revocationSection({ rounds, introspection, loaded, ...seen }: RevocationDelays): Section {
  const names = { inactive: 'introspection: inactive', statusList: 'status list: revoked', audit: 'audit event' };
  return {
    title: '(f) From the event `Revocation Requested` until its effect is visible, in milliseconds',
    header: ['', 'p50', 'p99', 'ratio to one introspection'],
    rows: Object.entries(names)
      .map(([name, title]) => {
        const { p50, p99, ratio } = seen[name as keyof typeof names];
        return [title, whole(p50), whole(p99), times(ratio)];
      })
      .concat(
        Object.entries(loaded.byTask).map(([name, { p50, p99, ratio }]) => [
          `its own task, ${name}`,
          whole(p50),
          whole(p99),
          times(ratio),
        ]),
      ),
    note:
      `${rounds} revocations one after the other, in a deployment in the emulator. The emulator’s delays (it polls streams and ` +
      `queues) are included, those of AWS are not. One introspection took ${whole(introspection)} ms. The aim on AWS is ` +
      '5,000 ms; verifiers also cache a status list for its `ttl`. Its own task: a workload calls `POST /revoke` ' +
      `with a task right after its token was issued, until introspection returns inactive, ${loaded.rounds} times, alone and while ` +
      `another workload makes ${loaded.requests} requests a second of 50 locations of 16 segments, which are denied.`,
  };
}

function relaySections({ firstFile, resident, renewal, recovery, staleness }: RelayMeasures): Section[] {
  return [
    {
      title: '(g) TokenRelay, as its systemd unit runs it: idle resident memory, in MiB',
      header: ['', 'MiB', 'aim', ''],
      rows: Object.entries(resident).map(([name, mib]) => [
        name,
        whole(mib),
        ...against(mib, AIMS.resident[name], whole),
      ]),
      note:
        'VmRSS after 12 s of rest. Tokens of an OAuth issuer over TLS, each in a file; the source `tvm` without TLS on ' +
        'loopback. An empty Node takes 42. Measured elsewhere: OpenBao Agent 77, a SPIRE agent with its helper 74.',
    },
    {
      title: '(g) TokenRelay: time, in milliseconds',
      header: ['', 'ms', 'ratio to an empty Node', 'aim', ''],
      rows: [
        [
          'start to first file on disk',
          whole(firstFile.ms),
          times(firstFile.ratio),
          ...against(firstFile.ms, AIMS.firstFile, whole),
        ],
        ['source returns to new token, p50', whole(recovery.p50), '', ...against(recovery.p50, AIMS.recovery, whole)],
        ['the same, worst of 24', whole(recovery.worst), '', ...against(recovery.worst, AIMS.recovery, whole)],
      ],
      note:
        `Tokens with a lifetime of 15 s whose source was away at renewal. A reader read a 5 s token ${staleness.looks} times ` +
        `while its source was up, and found it missing or expired ${staleness.stale} times. Measured elsewhere for OpenBao Agent: ` +
        '110 ms to the first file, 12.4 s to recover, a 20 s token expired for 10 s.',
    },
    {
      title: '(g) TokenRelay: ten minutes of renewals of one-minute tokens, each in a file',
      header: ['tokens', 'renewals', 'CPU ms', 'share of a processor'],
      rows: renewal.map(({ tokens, renewals, cpu }) => [
        whole(tokens),
        whole(renewals),
        whole(cpu),
        `${(cpu / 6_000).toFixed(2)} %`,
      ]),
      note: 'With a simulated clock and a source that responds at once.',
    },
  ];
}

function writesSection(writes: Record<string, Writes>): Section {
  return {
    title: '(h) Items written to the table for a decision',
    header: ['', 'while the caller waits', 'during indexing'],
    rows: Object.entries(writes).map(([name, { decided, indexed }]) => [name, whole(decided), whole(indexed)]),
    note:
      'Counted in the adapters. A token has at most 200 index entries, and its pending entry is deleted; a ' +
      'denial has at most 20. Entries of the two secondary indexes are not counted.',
  };
}

/** Returns the aim and whether it is met, or two empty strings if there is no aim. */
function against(value: number, aim: number | undefined, shown: (value: number) => string): [string, string] {
  if (aim === undefined) return ['', ''];
  return [`< ${shown(aim)}`, value < aim ? 'met' : 'missed'];
}

function whole(value: number): string {
  return Math.round(value).toString();
}

function times(value: number): string {
  return `${value.toFixed(2)}x`;
}

function kilo(bytes: number): string {
  return (bytes / 1_000).toFixed(0);
}

try {
  await main();
} catch (error) {
  const expected = error instanceof CheckFailed || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  console.error(expected ? (error as Error).message : error);
  process.exitCode = 1;
}

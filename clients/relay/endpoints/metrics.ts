import { isHealthy, type TokenStatus } from '../model/status.ts';
import manifest from '../package.json' with { type: 'json' };

interface Sample {
  labels?: Record<string, string>;
  value: number;
}

interface Family {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  samples: Sample[];
}

/**
 * Returns metrics of the tokens and this process in the Prometheus text format, version 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats). Does not use the client library, which needs 14 MiB of memory.
 * Process metrics have the names of prometheus.io/docs/instrumenting/writing_clientlibs, "Process metrics".
 */
export function metricsText(statuses: readonly TokenStatus[]): string {
  return [...tokenFamilies(statuses), ...processFamilies()]
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

function tokenFamilies(statuses: readonly TokenStatus[]): Family[] {
  const gauge = (name: string, help: string, of: (status: TokenStatus) => number | undefined): Family => ({
    name: `tokenrelay_token_${name}`,
    type: 'gauge',
    help,
    samples: statuses.flatMap((status) => {
      const value = of(status);
      return value === undefined ? [] : [{ labels: { token: status.name }, value }];
    }),
  });
  return [
    gauge('healthy', 'Whether the token is usable and each of its outputs is right.', (status) =>
      Number(isHealthy(status)),
    ),
    gauge('expiry_timestamp_seconds', 'When the token expires.', ({ expiresAt }) => inSeconds(expiresAt)),
    gauge('last_success_timestamp_seconds', 'When the token was fetched.', ({ fetchedAt }) => inSeconds(fetchedAt)),
    gauge('consecutive_failures', 'Failed fetches since the last successful one.', ({ failures }) => failures),
    {
      name: 'tokenrelay_token_fetches_total',
      type: 'counter',
      help: 'Fetches since the agent started.',
      samples: statuses.flatMap(({ name: token, fetches: { succeeded, failed } }) => [
        { labels: { token, result: 'success' }, value: succeeded },
        { labels: { token, result: 'failure' }, value: failed },
      ]),
    },
    {
      name: 'tokenrelay_token_output_healthy',
      type: 'gauge',
      help: 'Whether the output has the right content.',
      samples: statuses.flatMap(({ name: token, outputs }) =>
        outputs.map(({ name: output, problem }) => ({
          labels: { token, output },
          value: Number(problem === undefined),
        })),
      ),
    },
  ];
}

function processFamilies(): Family[] {
  const { user, system } = process.cpuUsage();
  const one = (name: string, type: Family['type'], help: string, value: number, labels = {}): Family => ({
    name,
    type,
    help,
    samples: [{ labels, value }],
  });
  const build = { version: manifest.version, node: process.versions.node };
  return [
    one('tokenrelay_build_info', 'gauge', 'The version of TokenRelay.', 1, build),
    one('process_resident_memory_bytes', 'gauge', 'Resident memory in bytes.', process.memoryUsage.rss()),
    one('process_cpu_seconds_total', 'counter', 'CPU time in seconds.', (user + system) / 1e6),
    one('process_start_time_seconds', 'gauge', 'When the process started.', performance.timeOrigin / 1_000),
  ];
}

function familyText({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ labels = {}, value }) => `${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function inSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1_000;
}

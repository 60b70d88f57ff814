import { configSchema } from '#lib/config/config.ts';
import { GENERATED } from './tables.ts';

/** How a default of a key is written in TOML. */
const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
  [1, 's'],
] as const;

/** Every key of the configuration. */
export function configurationPage(): string {
  const defaults: Record<string, unknown> = configSchema.parse({});
  const rows = Object.entries(configSchema.shape).map(([key, schema]) => {
    const { description, written } = schema.meta() ?? {};
    // Of what holds durations, the schema says itself how its default is written.
    const value = typeof written === 'string' ? `\`${written}\`` : inToml(defaults[key]);
    return `| \`${key}\` | ${value} | ${description} |`;
  });
  return [
    `${GENERATED}# Configuration`,
    '',
    'One TOML file a stage: `config/<stage>.toml`, picked by `npx cdk deploy -c stage=<stage>` (default: `production`). ' +
      'Durations are written `"90s"`, `"15m"`, `"1h"` or `"30d"`. Every mistake is told by `cdk synth`, in a sentence that names the key, and nothing is deployed. ' +
      'ARNs must be of the partition that is deployed to.',
    '',
    '| key | default | means |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function inToml(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'number') {
    const [seconds, unit] = UNITS.find(([seconds]) => value % seconds === 0) ?? [1, 's'];
    return `\`"${value / seconds}${unit}"\``;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const members = Object.entries(value).map(([key, member]) => `${key} = ${JSON.stringify(member)}`);
    return `\`{ ${members.join(', ')} }\``;
  }
  return `\`${JSON.stringify(value)}\``;
}

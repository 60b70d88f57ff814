import { readFileSync } from 'node:fs';
import { configSchema } from '#lib/config/config.ts';
import { GENERATED } from './tables.ts';

/** The units of durations in TOML, the largest first. */
const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
  [1, 's'],
] as const;

/** Returns the reference page of the configuration. */
export function configurationPage(): string {
  const defaults: Record<string, unknown> = configSchema.parse({});
  const rows = Object.entries(configSchema.shape).map(([key, schema]) => {
    const { description, written } = schema.meta() ?? {};
    // A default that contains durations is written out in the schema's metadata.
    const value = typeof written === 'string' ? `\`${written}\`` : inToml(defaults[key]);
    return `| \`${key}\` | ${value} | ${withLinks(String(description))} |`;
  });
  return [
    `${GENERATED}# Configuration`,
    '',
    'Each stage has one TOML file, `config/<stage>.toml`. `npx cdk deploy -c stage=<stage>` selects the stage (default: `production`). ' +
      'Durations are written as `"90s"`, `"15m"`, `"1h"` or `"30d"`. `cdk synth` reports every error with the name of the key, and then nothing is deployed. ' +
      'ARNs must be in the partition of the deployment.',
    '',
    '| key | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** Turns the names of pages, such as `docs/how-to/deploy.md`, into links with the titles of the pages. */
function withLinks(text: string): string {
  return text.replace(/docs\/([a-z-]+\/[a-z-]+\.md)/g, (_, page: string) => {
    const [, title] = /^# (.+)$/m.exec(readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')) ?? [];
    return `[${title}](../${page})`;
  });
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

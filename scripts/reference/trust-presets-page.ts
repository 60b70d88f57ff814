import { writeDuration } from '@tvm/contract/duration.ts';
import { describeRequirement } from '@tvm/core/federation/describe-entry.ts';
import { PRESET_NAMES, type Preset, type PresetName, presetOf } from '@tvm/core/federation/presets.ts';
import type { ClaimPath } from '@tvm/core/federation/trust-entry.ts';
import { GENERATED } from './tables.ts';

/** Returns the reference page of the presets of `trust.yaml`. */
export function trustPresetsPage(): string {
  return [
    `${GENERATED}# Presets of trust entries`,
    '',
    'What `preset: NAME` in [`trust.yaml`](policy-files.md#trustyaml) knows about an issuer. Each field of the entry overrides it,',
    'except for the ids, the claims that the workload chooses, and the fixed requirements.',
    '',
    '| preset | issuer | subject | replay |',
    '| --- | --- | --- | --- |',
    ...PRESET_NAMES.map((name) => {
      const { title, subject, replay } = presetOf(name);
      return `| [\`${name}\`](#${name}) | ${title} | \`${name}:${subject}\` | \`${replay}\` |`;
    }),
    '',
    ...PRESET_NAMES.map((name) => section(name, presetOf(name))),
  ].join('\n');
}

function section(name: PresetName, preset: Preset): string {
  const { title, page, issuer, shared, ids, mustState, fixed, fromIssuer, chosen, instance } = preset;
  const rows: [string, string][] = [
    ['issuer', `${issuer.form}${issuer.default === undefined ? '; must be given' : `; default \`${issuer.default}\``}`],
    ['ids', `${listed(ids)}${shared ? '; the entry must require one of them' : ''}`],
    ['must be required', listed(mustState)],
    [
      'always required',
      [
        ...fixed.map((required) => `\`${describeRequirement(required)}\``),
        ...(fromIssuer ? [`${listed([fromIssuer.path])} as in the issuer`] : []),
      ].join(', '),
    ],
    ['chosen by the workload', listed(chosen)],
    ['instance', instance === undefined ? '' : listed([instance])],
    ['`typ`', `${preset.types.map((type) => `\`${type}\``).join(', ')} or absent`],
    ['algorithms', preset.algorithms.join(', ')],
    ['maximum age', writeDuration(preset.maxAge)],
    ['replay', `\`${preset.replay}\``],
  ];
  return [
    `## ${name}`,
    '',
    `${title}. [The issuer's documentation](${page}).`,
    '',
    '| | |',
    '| --- | --- |',
    ...rows.filter(([, value]) => value !== '').map(([what, value]) => `| ${what} | ${value} |`),
    '',
    preset.notes,
    '',
  ].join('\n');
}

function listed(paths: readonly ClaimPath[]): string {
  return paths.map((path) => path.map((member) => `\`${member}\``).join(' → ')).join(', ');
}

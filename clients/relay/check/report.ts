import { styleText } from 'node:util';
import { printable } from '@tvm/terminal/printable.ts';
import { areas, type Finding } from './finding.ts';
import type { Trial } from './try-sources.ts';

/** The complete result of a check. */
export interface Report {
  file: string;
  /** The unit that was checked. */
  unit: string | undefined;
  /** The areas that were checked. Only `configuration` if the configuration is invalid. */
  areas: readonly Finding['area'][];
  findings: readonly Finding[];
  /** The results of `--fetch`. */
  trials: readonly Trial[] | undefined;
}

/** Writes a report as text. */
export function writeReport({ file, unit, areas: looked, findings, trials }: Report, stream: NodeJS.WriteStream): void {
  const line = (text = '') => stream.write(`${text}\n`);
  const good = styleText('green', '✓', { stream });
  const bad = styleText('red', '✗', { stream });
  const doubtful = styleText('yellow', '!', { stream });
  const width = Math.max(...areas.map((area) => area.length));

  const subjects: Partial<Record<Finding['area'], string>> = {
    configuration: file,
    unit: unit ?? 'none (checked as this user)',
  };
  for (const area of areas.filter((one) => looked.includes(one))) {
    const levels = findings.filter((finding) => finding.area === area).map(({ level }) => level);
    const mark = levels.includes('error') ? bad : levels.length > 0 ? doubtful : good;
    line(`${mark} ${area.padEnd(width)}  ${printable(subjects[area] ?? counted(levels))}`.trimEnd());
  }
  for (const level of ['error', 'warning'] as const) {
    const some = findings.filter((finding) => finding.level === level);
    if (some.length === 0) continue;
    line();
    line(styleText('bold', counting(some.length, level), { stream }));
    for (const { sentence, help, line: row, column } of some) {
      const at = row === undefined ? '' : ` (line ${row}, column ${column})`;
      line(`  ${printable(sentence)}${at}`);
      if (help !== undefined) line(`    → ${printable(help)}`);
    }
  }
  for (const { name, type, failure, expiresAt, outputs } of trials ?? []) {
    line();
    const end = expiresAt === undefined ? 'does not expire' : `expires ${new Date(expiresAt).toISOString()}`;
    line(`${failure === undefined ? good : bad} ${name} (${type}): ${printable(failure ?? end)}`);
    for (const { path, content } of outputs) {
      line(`  ${printable(path)}`);
      for (const text of content.trimEnd().split('\n')) line(`    ${printable(text)}`);
    }
  }
}

function counted(levels: readonly Finding['level'][]): string {
  const [errors, warnings] = (['error', 'warning'] as const).map(
    (level) => levels.filter((one) => one === level).length,
  );
  const parts = [errors ? counting(errors, 'error') : '', warnings ? counting(warnings, 'warning') : ''];
  return parts.filter(Boolean).join(', ');
}

function counting(count: number, level: Finding['level']): string {
  return `${count} ${level}${count === 1 ? '' : 's'}`;
}

/** Converts a report to its JSON form. */
export function reportObject({ file, unit, findings, trials }: Report): object {
  const of = (level: Finding['level']) =>
    findings.filter((finding) => finding.level === level).map(({ level: _, ...finding }) => finding);
  return {
    ok: isFine(findings, trials),
    file,
    unit,
    faults: of('error'),
    warnings: of('warning'),
    tokens: trials?.map(({ name, type, failure, expiresAt, outputs }) => ({
      name,
      type,
      ok: failure === undefined,
      failure,
      expires_at: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
      outputs: outputs.map(({ path, content }) => ({ file_path: path, content })),
    })),
  };
}

function isFine(findings: readonly Finding[], trials: readonly Trial[] = []): boolean {
  return findings.every(({ level }) => level !== 'error') && trials.every(({ failure }) => failure === undefined);
}

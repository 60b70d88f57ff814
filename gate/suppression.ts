import { lineNumbers } from '@tvm/core/policy/line-numbers.ts';
import type { Unit } from './model/check.ts';
import type { Finding, Rule, SourceFile } from './model/finding.ts';

/** Maximum number of days for which a finding can be suppressed. */
const MAX_DAYS = 366;

const DAY = 86_400_000;

/** The beginning of a suppression. `RULE until YYYY-MM-DD: REASON` follows. */
const MARK = /tvm-allow[ \t]/g;

const SUPPRESSION = /^tvm-allow[ \t]+(\S+)[ \t]+until[ \t]+(\d{4}-\d{2}-\d{2}):[ \t]*["']?([^"'\r\n]*)/;

function pod(comment: string): SourceFile {
  const text = `# tvm-allow ${comment}
apiVersion: v1
kind: Pod
metadata:
  name: example
spec:
  automountServiceAccountToken: false
  hostPID: true
`;
  return { name: 'pod.yaml', text };
}

/** Passes on {@link DAY_OF_EXAMPLES}. */
const GOOD = pod('kubernetes/host-namespace until 2026-12-31: the node’s monitor reads processes');

/** The day on which the examples are checked. */
export const DAY_OF_EXAMPLES = '2026-11-22';

const expired: Rule = {
  id: 'suppression/expired',
  severity: 'error',
  title: 'an expired suppression',
  why: 'The exception was limited in time and has expired.',
  instead: 'Fix the finding and delete the suppression, or set another day.',
  failing: pod('kubernetes/host-namespace until 2026-01-31: the node’s monitor reads processes'),
  passing: GOOD,
};

const malformed: Rule = {
  id: 'suppression/malformed',
  severity: 'error',
  title: 'an invalid suppression',
  why: 'An exception without a rule, a reason and a day on which it expires cannot be reviewed.',
  instead: `Write \`tvm-allow RULE until YYYY-MM-DD: REASON\`, at most ${MAX_DAYS} days ahead, above or inside the object that it applies to.`,
  failing: pod('kubernetes/host-namespace: the node’s monitor reads processes'),
  passing: GOOD,
};

const unused: Rule = {
  id: 'suppression/unused',
  severity: 'warning',
  title: 'an unused suppression',
  why: 'The suppressed finding is fixed. If the suppression stays, it hides the next one.',
  instead: 'Delete the suppression.',
  failing: pod('kubernetes/host-path until 2026-12-31: the node’s monitor reads processes'),
  passing: GOOD,
};

/** The rules about suppressions. */
export const suppressionRules: readonly Rule[] = [expired, malformed, unused];

interface Suppression {
  offset: number;
  unit: Unit | undefined;
  rule: string;
  /** The error in the suppression, as a clause. */
  problem?: string | undefined;
  until: string;
}

/**
 * Removes the suppressed findings of a file, and adds findings about the suppressions themselves.
 *
 * @param units the parts of the file in which suppressions may be written
 * @param known the ids of the rules that can be suppressed
 * @param today the current day in UTC, as in `2026-11-22`
 */
export function suppress(
  file: SourceFile,
  findings: readonly Finding[],
  units: readonly Unit[],
  known: ReadonlySet<string>,
  today: string,
): Finding[] {
  const written = suppressionsIn(file, units, known, today);
  if (written.length === 0) return [...findings];
  const lineOf = lineNumbers(file.text);
  const about: Finding[] = [];
  const dropped = new Set<Finding>();
  for (const { offset, unit, rule, problem, until } of written) {
    const say = ({ id }: Rule, message: string) =>
      about.push({ rule: id, file: file.name, line: lineOf(offset), message });
    if (problem !== undefined) {
      say(malformed, `the suppression ${problem}`);
      continue;
    }
    const suppressed = findings.filter(
      (finding) => finding.rule === rule && finding.unit !== undefined && contains(finding.unit, offset),
    );
    if (suppressed.length === 0) {
      say(unused, `there is no finding of ${rule} to suppress in lines ${lines(unit, lineOf)}`);
    } else if (until < today) {
      say(expired, `the suppression of ${rule} expired on ${until}`);
    } else {
      for (const finding of suppressed) dropped.add(finding);
    }
  }
  return [...findings.filter((finding) => !dropped.has(finding)), ...about];
}

function suppressionsIn(
  file: SourceFile,
  units: readonly Unit[],
  known: ReadonlySet<string>,
  today: string,
): Suppression[] {
  const { text } = file;
  const stands = standsIn(file);
  const marks = [...text.matchAll(MARK)].map(({ index }) => index).filter(stands);
  return marks.map((offset, index) => {
    const unit = units.find((unit) => contains(unit, offset));
    // A second suppression on the same line is not a part of the reason of the first.
    const [, rule = '', until = '', reason = ''] = SUPPRESSION.exec(text.slice(offset, marks[index + 1])) ?? [];
    return { offset, unit, rule, until, problem: problemOf(unit, rule, until, reason, known, today) };
  });
}

// A string is matched as a whole, because it may contain slashes.
const CEDAR_STRING_OR_COMMENT = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|\/\/[^\r\n]*/g;

/** Returns a function that reports whether a suppression may be at an offset. In Cedar, only comments may contain one. */
function standsIn({ name, text }: SourceFile): (offset: number) => boolean {
  if (!name.endsWith('.cedar') || !text.includes('tvm-allow')) return () => true;
  const comments = [...text.matchAll(CEDAR_STRING_OR_COMMENT)]
    .filter(({ 0: token }) => token.startsWith('//'))
    .map(({ 0: token, index }) => ({ start: index, end: index + token.length }));
  return (offset) => comments.some((comment) => contains(comment, offset));
}

function problemOf(
  unit: Unit | undefined,
  rule: string,
  until: string,
  reason: string,
  known: ReadonlySet<string>,
  today: string,
): string | undefined {
  if (unit === undefined) return 'is outside of anything that can have findings';
  if (until === '') return 'is not written as tvm-allow RULE until YYYY-MM-DD: REASON';
  if (!known.has(rule)) return 'names a rule that does not exist or cannot be suppressed';
  const end = Date.parse(until);
  if (Number.isNaN(end) || new Date(end).toISOString().slice(0, 10) !== until) return `has a date that does not exist`;
  if (end - Date.parse(today) > MAX_DAYS * DAY) return `of ${rule} lasts longer than ${MAX_DAYS} days`;
  if (!/\p{L}/u.test(reason)) return `of ${rule} has no reason`;
  return undefined;
}

function contains(unit: Unit, offset: number): boolean {
  return unit.start <= offset && offset < unit.end;
}

function lines(unit: Unit | undefined, lineOf: (offset: number) => number): string {
  return unit === undefined ? '' : `${lineOf(unit.start)} to ${lineOf(Math.max(unit.start, unit.end - 1))}`;
}

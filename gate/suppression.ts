import { lineNumbers } from '@tvm/core/policy/line-numbers.ts';
import type { Unit } from './model/check.ts';
import type { Finding, Rule, SourceFile } from './model/finding.ts';

/** Days for which a finding may be suppressed at most. */
const MAX_DAYS = 366;

const DAY = 86_400_000;

/** What a suppression begins with. What follows is `RULE until YYYY-MM-DD: REASON`. */
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

/** Passing on the day that examples are made for, and for a year. */
const GOOD = pod('kubernetes/host-namespace until 2026-12-31: the node’s monitor reads processes');

/** The day of the examples. */
export const DAY_OF_EXAMPLES = '2026-11-22';

const expired: Rule = {
  id: 'suppression/expired',
  severity: 'error',
  title: 'a suppression past its day',
  why: 'The exception was for a time, and the time is over.',
  instead: 'Mend what is suppressed and delete the suppression, or give it another day.',
  failing: pod('kubernetes/host-namespace until 2026-01-31: the node’s monitor reads processes'),
  passing: GOOD,
};

const malformed: Rule = {
  id: 'suppression/malformed',
  severity: 'error',
  title: 'a suppression that suppresses nothing, as it is written',
  why: 'An exception without a rule, a reason or an end that comes is no decision that anyone can look at again.',
  instead: `Write \`tvm-allow RULE until YYYY-MM-DD: REASON\`, at most ${MAX_DAYS} days ahead, above or in what it is for.`,
  failing: pod('kubernetes/host-namespace: the node’s monitor reads processes'),
  passing: GOOD,
};

const unused: Rule = {
  id: 'suppression/unused',
  severity: 'warning',
  title: 'a suppression of nothing',
  why: 'What it was for is mended; left there, it hides the next one.',
  instead: 'Delete it.',
  failing: pod('kubernetes/host-path until 2026-12-31: the node’s monitor reads processes'),
  passing: GOOD,
};

/** What may be wrong with suppressions. */
export const suppressionRules: readonly Rule[] = [expired, malformed, unused];

interface Suppression {
  offset: number;
  unit: Unit | undefined;
  rule: string;
  /** What is wrong with it, in a clause. */
  problem?: string | undefined;
  until: string;
}

/**
 * Drops the findings of a file that are suppressed where they are, and adds what is wrong with the suppressions.
 *
 * @param units where in the file suppressions may stand
 * @param known the ids of the rules that can be suppressed
 * @param today as in `2026-11-22`, in UTC
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
      say(expired, `the suppression of ${rule} ended on ${until}`);
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
    // A second one on the same line is no part of the first one's reason.
    const [, rule = '', until = '', reason = ''] = SUPPRESSION.exec(text.slice(offset, marks[index + 1])) ?? [];
    return { offset, unit, rule, until, problem: problemOf(unit, rule, until, reason, known, today) };
  });
}

// A string is passed over as a whole, for it may have slashes in it.
const CEDAR_STRING_OR_COMMENT = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|\/\/[^\r\n]*/g;

/** Tells where in a file a suppression can stand: in Cedar in comments alone, for what a policy compares with is none. */
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
  if (unit === undefined) return 'stands in nothing that can have findings';
  if (until === '') return 'is not written as tvm-allow RULE until YYYY-MM-DD: REASON';
  if (!known.has(rule)) return 'names a rule that is not there, or that cannot be suppressed';
  const end = Date.parse(until);
  if (Number.isNaN(end) || new Date(end).toISOString().slice(0, 10) !== until) return `names no day of the calendar`;
  if (end - Date.parse(today) > MAX_DAYS * DAY) return `of ${rule} is for longer than ${MAX_DAYS} days`;
  if (!/\p{L}/u.test(reason)) return `of ${rule} gives no reason`;
  return undefined;
}

function contains(unit: Unit, offset: number): boolean {
  return unit.start <= offset && offset < unit.end;
}

function lines(unit: Unit | undefined, lineOf: (offset: number) => number): string {
  return unit === undefined ? '' : `${lineOf(unit.start)} to ${lineOf(Math.max(unit.start, unit.end - 1))}`;
}

import { styleText } from 'node:util';
import type { Explanation, PairExplanation } from '@tvm/contract/explanation.ts';
import { describeDuration } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { describeObligations } from '../connection/describe-grants.ts';
import { commandLine } from './command-line.ts';

type Stream = NodeJS.WriteStream;
type Policy = PairExplanation['policies'][number];

/**
 * An explanation for a person, line by line: the answer, everything that was asked for with its verdict, what stands in
 * the way, what to ask for instead.
 *
 * @param stream where it will be written: in colours if it is a terminal
 */
export function explanationLines(explanation: Explanation, stream: Stream): string[] {
  const paint = painter(stream);
  const { allowed, denial, blocked_until, pairs, subject, source_ip, time, policy } = explanation;
  const verdict = allowed ? paint.good('✓ allowed') : paint.bad('✗ denied');
  const names = pairs.map(describePair);
  const width = Math.max(...names.map((name) => name.length));
  return [
    `${verdict}: ${printable(allowed ? describeToken(explanation) : describeDenial(explanation))}`,
    ...pairs.flatMap((pair, index) => pairLines(pair, names[index]?.padEnd(width) ?? '', paint)),
    ...(blocked_until !== undefined && denial !== 'subject_blocked'
      ? [`  ${paint.bad('✗')} the workload is blocked until ${seconds(blocked_until)}, whatever policy allows`]
      : []),
    ...changeLines(explanation, paint),
    `  ${paint.dim(printable(`${subject} from ${source_ip} at ${seconds(time)}, policies ${policy}`))}`,
  ];
}

/** A time (ISO 8601) without fractions of a second. */
function seconds(time = ''): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

type Paint = ReturnType<typeof painter>;

function painter(stream: Stream) {
  // `styleText` leaves the colours out when the stream is no terminal or NO_COLOR is set.
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) => styleText(format, text, { stream });
  return { good: style('green'), bad: style('red'), dim: style('dim'), bold: style('bold') };
}

function describeToken({ audience, expires_in = 0, obligations = {}, pairs }: Explanation): string {
  const allowed = pairs.filter(({ action, verdict }) => action !== 'assume' && verdict === 'allowed').length;
  const all = pairs.filter(({ action }) => action !== 'assume').length;
  return [
    ...(allowed < all ? [`${allowed} of ${all}`] : []),
    `for ${describeDuration(expires_in)}`,
    ...(audience === undefined ? [] : [`at ${audience}`]),
    ...describeObligations(obligations),
  ].join(', ');
}

function describeDenial({ denial, lacks, scope, pairs, blocked_until }: Explanation): string {
  const role = scope?.replace(/^role:/, '');
  switch (denial) {
    case 'reason_missing':
      return 'a policy asks for a reason';
    case 'role_unavailable':
      if (lacks === undefined) return `there is no role ${role}`;
      return `the workload lacks ${lacks}, which the locations of the role ${role} are made of`;
    case 'subject_blocked':
      return `policy allows it, but the workload is blocked until ${seconds(blocked_until)}`;
    case 'subject_revoked':
      return 'policy allows it, but the tokens of the workload at that time are revoked';
    default: {
      const [first] = pairs;
      if (first?.action === 'assume' && first.verdict !== 'allowed') return `the role ${role} cannot be taken`;
      const denied = pairs.filter(({ verdict }) => verdict !== 'allowed').length;
      const what = denial === 'further_condition' ? 'a further condition refuses' : 'policy does not allow';
      return pairs.length === 1 ? `${what} it` : `${what} ${denied} of ${pairs.length}`;
    }
  }
}

function describePair({ action, location, role, fields }: PairExplanation): string {
  const only = fields === undefined ? '' : ` (fields ${fields.join(', ')})`;
  return printable(action === 'assume' ? `take role ${role}` : `${action} ${location}${only}`);
}

function pairLines(pair: PairExplanation, name: string, paint: Paint): string[] {
  const mark = pair.verdict === 'allowed' ? paint.good('✓') : paint.bad('✗');
  const near = (pair.near_misses ?? []).flatMap((policy) => [
    `      ${paint.dim('close:')} ${namePolicy(policy)}, but not`,
    ...policy.missed.map(({ text, error }) => {
      const why = error ? paint.dim(' (cannot be evaluated)') : '';
      return `        ${paint.bad('✗')} ${printable(text)}${why}`;
    }),
  ]);
  const conditions = pair.policies.flatMap(({ conditions = [] }) =>
    conditions.map((text) => `      ${paint.dim('for:')} ${printable(text)}`),
  );
  return [`  ${mark} ${name}  ${describeVerdict(pair)}`, ...conditions, ...near];
}

function describeVerdict({ verdict, policies, place, too_many_places, refused_by }: PairExplanation): string {
  const at = place === undefined ? '' : ` at ${printable(place)}`;
  const by = policies.length === 0 ? '' : ` ${policies.map(namePolicy).join(', ')}`;
  switch (verdict) {
    case 'allowed':
      return by === '' ? '' : `permitted by${by}`;
    case 'forbidden':
      return `forbidden${at}${by === '' ? '' : ` by${by}`}`;
    case 'policy_error':
      return `a policy cannot be evaluated${at}${by === '' ? '' : `:${by}`}`;
    case 'refused_by_condition':
      return `refused by ${refused_by === undefined ? 'a further condition' : printable(refused_by.join(', '))}`;
    case 'not_permitted':
      if (too_many_places) return 'policies name too many places in it; ask for less';
      return `no policy permits it${at}`;
  }
}

function namePolicy({ id, file, line }: Policy): string {
  return printable(file === undefined ? id : `${id} (${file}:${line})`);
}

function changeLines({ change }: Explanation, paint: Paint): string[] {
  if (change === undefined) return [];
  return [
    `${paint.bold('→ change:')} ${printable(change.sentence)}`,
    `    ${printable(commandLine('token', change.request))}`,
  ];
}

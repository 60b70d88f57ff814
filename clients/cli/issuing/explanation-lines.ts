import { styleText } from 'node:util';
import type { Explanation, PairExplanation } from '@tvm/contract/explanation.ts';
import { describeDuration } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { describeObligations } from '../connection/describe-grants.ts';
import { commandLine } from './command-line.ts';

type Stream = NodeJS.WriteStream;
type Policy = PairExplanation['policies'][number];

/**
 * Formats an explanation as lines of text: the decision, the verdict on each requested item, the unmet conditions, and
 * what to request instead.
 *
 * @param stream the output stream; the text is coloured if the stream is a terminal
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
      ? [`  ${paint.bad('✗')} the workload is blocked until ${seconds(blocked_until)}`]
      : []),
    ...changeLines(explanation, paint),
    `  ${paint.dim(printable(`${subject} from ${source_ip} at ${seconds(time)}, policies ${policy}`))}`,
  ];
}

/** Removes fractions of a second from an ISO 8601 time. */
function seconds(time = ''): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

type Paint = ReturnType<typeof painter>;

function painter(stream: Stream) {
  // `styleText` adds no colours if the stream is not a terminal or NO_COLOR is set.
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
      return 'a policy requires a reason';
    case 'role_unavailable':
      if (lacks === undefined) return `the role ${role} does not exist`;
      return `the role ${role} needs the workload attribute ${lacks}, which is not set`;
    case 'subject_blocked':
      return `policy allows the request, but the workload is blocked until ${seconds(blocked_until)}`;
    case 'subject_revoked':
      return 'policy allows the request, but tokens issued to the workload at that time are revoked';
    default: {
      const [first] = pairs;
      if (first?.action === 'assume' && first.verdict !== 'allowed') return `the role ${role} cannot be assumed`;
      const denied = pairs.filter(({ verdict }) => verdict !== 'allowed').length;
      const what = denial === 'further_condition' ? 'an external authorizer denies' : 'policy does not allow';
      return pairs.length === 1 ? `${what} the request` : `${what} ${denied} of ${pairs.length}`;
    }
  }
}

function describePair({ action, location, role, fields }: PairExplanation): string {
  const only = fields === undefined ? '' : ` (fields ${fields.join(', ')})`;
  return printable(action === 'assume' ? `assume role ${role}` : `${action} ${location}${only}`);
}

function pairLines(pair: PairExplanation, name: string, paint: Paint): string[] {
  const mark = pair.verdict === 'allowed' ? paint.good('✓') : paint.bad('✗');
  const near = (pair.near_misses ?? []).flatMap((policy) => [
    `      ${paint.dim('near miss:')} ${namePolicy(policy)}, not met:`,
    ...policy.missed.map(({ text, error }) => {
      const why = error ? paint.dim(' (cannot be evaluated)') : '';
      return `        ${paint.bad('✗')} ${printable(text)}${why}`;
    }),
  ]);
  const conditions = pair.policies.flatMap(({ conditions = [] }) =>
    conditions.map((text) => `      ${paint.dim('because:')} ${printable(text)}`),
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
      return `denied by ${refused_by === undefined ? 'an external authorizer' : printable(refused_by.join(', '))}`;
    case 'not_permitted':
      if (too_many_places) return 'policies name too many resources in this subtree; request a smaller one';
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

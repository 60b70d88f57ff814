import { styleText } from 'node:util';
import { type Change, comparePolicies } from '@tvm/gate/policies/change/compare.ts';
import { type OutputFormat, writeJson } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { exitCodes } from '../connection/failure.ts';
import { readPolicySource, uncommittedBetween } from './source.ts';

/**
 * Compares two policy directories or revisions, and writes the workloads with wider and with narrower access.
 *
 * @param failOnWiden sets the exit code if access is wider. An incomplete comparison counts as wider.
 * @throws {Failure} if the policies cannot be read
 */
export async function diff(base: string, head: string, output: OutputFormat, failOnWiden: boolean): Promise<void> {
  const before = await readPolicySource(base, 'BASE');
  const after = await readPolicySource(head, 'HEAD');
  const comparison = comparePolicies(before, after);
  const { widened, narrowed, trust, cut } = comparison;
  const more = widened.length + trust.filter(({ wider }) => wider).length;
  const less = narrowed.length + trust.filter(({ wider }) => !wider).length;
  process.exitCode = failOnWiden && (more > 0 || cut) ? exitCodes.fault : exitCodes.done;
  const uncommitted = await uncommittedBetween(base, head);
  if (uncommitted !== undefined) {
    process.stderr.write(
      `${printable(uncommitted)} has uncommitted changes, which were not compared: give the directory itself to compare them\n`,
    );
  }
  if (failOnWiden && cut) {
    process.stderr.write('--fail-on widen fails: the comparison is incomplete, so access may be wider\n');
  }
  if (output === 'json') {
    writeJson(comparison);
    return;
  }
  const out = process.stdout;
  for (const { wider, sentence } of trust) out.write(`${sign(wider)} ${printable(sentence)}\n`);
  for (const change of widened) out.write(`${sign(true)} ${describe(change, 'more')}\n`);
  for (const change of narrowed) out.write(`${sign(false)} ${describe(change, 'less')}\n`);
  out.write(`${more} widened, ${less} narrowed\n`);
  if (cut) {
    out.write('the comparison is incomplete: the policies distinguish too many workloads or circumstances\n');
  }
}

function sign(wider: boolean): string {
  return styleText(wider ? 'red' : 'green', wider ? '+' : '-', { stream: process.stdout });
}

function describe({ workload, action, resource, of, detail }: Change, way: 'more' | 'less'): string {
  const what = {
    reach: way === 'more' ? 'newly reachable' : 'no longer reachable',
    circumstances: way === 'more' ? 'reachable in more circumstances' : 'reachable in fewer circumstances',
    lifetime: way === 'more' ? 'widened in lifetime' : 'narrowed in lifetime',
    obligations: way === 'more' ? 'no longer bound to' : 'now bound to',
    definition: way === 'more' ? 'bound to a wider' : 'bound to a narrower',
    grants: way === 'more' ? 'now gives' : 'no longer gives',
  }[of];
  const change = of === 'lifetime' && way === 'less' ? detail.split(' → ').toReversed().join(' → ') : detail;
  if (of === 'grants') return printable(`${workload}: ${resource} ${what} ${change}`);
  const between = { reach: ', ', circumstances: ', ', lifetime: ': ', obligations: ' ', definition: ' ' }[of];
  return printable(`${workload} ${action} ${resource}: ${what}${change === '' ? '' : between}${change}`);
}

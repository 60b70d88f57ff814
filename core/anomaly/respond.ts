import { limits } from '@tvm/contract/limits.ts';
import type { Continuations } from '../revocation/requests/ports.ts';
import { type SubmitRevocationPorts, submitRevocation } from '../revocation/requests/submit-revocation.ts';
import type { Finding } from './finding.ts';
import type { AnomalySettings, Response } from './settings.ts';

export interface RespondPorts extends SubmitRevocationPorts {
  continuations: Continuations;
}

/**
 * Responds to a finding as configured for its severity. A finding about all workloads is only reported, because there
 * is no single workload to act on. Idempotent.
 *
 * @param id UUID of the finding, and of the revocation that it may cause
 * @param subject the workload; `undefined` for all workloads
 * @returns the response
 */
export async function respond(
  id: string,
  subject: string | undefined,
  { severity, detector, what }: Finding,
  { respond, shorten_to, restrict_for }: AnomalySettings,
  ports: RespondPorts,
): Promise<Response> {
  const response = subject === undefined ? 'notify' : respond[severity];
  if (subject === undefined || response === 'notify') return 'notify';
  const now = ports.clock.now();
  const by = `tvm:anomaly/${detector}`;
  const reason = what.slice(0, limits.reasonLength);
  const after = response === 'shorten' ? shorten_to : 0;
  if (response === 'shorten') {
    const until = now + restrict_for * 1000;
    await ports.subjectStatuses.limit(subject, { lifetime: shorten_to, until, at: now, by, reason });
  }
  const blockFor = response === 'block' ? restrict_for : 0;
  // Read the clock after the limit is stored, so that all tokens issued before the limit are revoked.
  const requestedAt = ports.clock.now();
  const order = { revocationId: id, selector: { subject }, reason, by, requestedAt, after, blockFor };
  await submitRevocation(order, { blockFor }, ports);
  await ports.continuations.schedule(id, after);
  return response;
}

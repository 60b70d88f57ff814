import { createHash } from 'node:crypto';
import type { Clock } from '../ports.ts';
import type { AuditFact } from '../records/audit-fact.ts';
import type { AuditFacts } from '../records/ports.ts';
import type { Deployment, Deployments } from './ports.ts';

export interface NoticeDeploymentPorts {
  deployments: Deployments;
  facts: AuditFacts;
  clock: Clock;
}

/**
 * Writes audit facts if the policies or the signing keys differ from those of the last deployment.
 *
 * The facts are written first, with deterministic names, and then the deployment is stored. So each change is reported
 * exactly once, even if a step fails and is repeated.
 *
 * @returns the types of the changes
 */
export async function noticeDeployment(
  deployment: Deployment,
  { deployments, facts, clock }: NoticeDeploymentPorts,
): Promise<AuditFact['detailType'][]> {
  const last = await deployments.last();
  const time = new Date(clock.now()).toISOString();
  const changes: AuditFact[] = [];
  if (last?.policyBundle !== deployment.policyBundle) {
    const before = last && { before: last.policyBundle };
    changes.push({ detailType: 'Policy Changed', detail: { time, ...before, after: deployment.policyBundle } });
  }
  if (JSON.stringify(last?.keyArns) !== JSON.stringify(deployment.keyArns)) {
    const detail = { time, before: last?.keyArns ?? [], after: deployment.keyArns };
    changes.push({ detailType: 'Signing Keys Changed', detail });
  }
  if (changes.length === 0) return [];

  const version = last?.version ?? 0;
  for (const fact of changes) await facts.put(nameOf(fact, version), fact);
  await deployments.replace(version, deployment);
  return changes.map(({ detailType }) => detailType);
}

/** The name of a fact: deterministic for one change, and different if the same change happens again later. */
function nameOf({ detailType, detail }: AuditFact, version: number): string {
  const { time, ...change } = detail;
  const hash = createHash('sha256')
    .update(JSON.stringify([detailType, change, version]))
    .digest('hex');
  return `deployment-${version}-${hash.slice(0, 32)}`;
}

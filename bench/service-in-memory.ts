import type { KeyObject } from 'node:crypto';
import { randomUUID } from 'node:crypto';
import { recentSubjects } from '@tvm/core/issuing/recent-subjects.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { JSONWebKeySet } from 'jose';
import { tokenEndpoint } from '#lambdas/issue-token/token-endpoint.ts';
import { countingStatusIndexes, inMemoryRecords, inMemorySubjectStatuses } from '#test/fakes/in-memory-records.ts';
import { localKeys } from '#test/fakes/local-keys.ts';
import { policyBundle } from '#test/fakes/policies.ts';

/** The issuer URL of the measured service. */
export const ISSUER = 'https://tokens.example.com/v1';

export interface ServiceInMemory {
  /** The whole `issue-token` handler. */
  handler: (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;
  jwks: JSONWebKeySet;
  privateKey: KeyObject;
}

/**
 * Creates the deployed `issue-token` function with other ports: records and subject statuses in memory, and a local
 * key.
 *
 * @param policies the policies to evaluate, as Cedar text
 */
export async function serviceInMemory(policies: string): Promise<ServiceInMemory> {
  const { signer, keys, privateKey } = await localKeys('ES256');
  const records = inMemoryRecords();
  const handler = tokenEndpoint(
    { issuer: ISSUER, defaultLifetime: 900, defaultWriteLifetime: 300, maxLifetime: 3_600, recordRetention: 86_400 },
    {
      policies: policyDecisionPoint(policyBundle(policies)),
      conditions: [],
      // A constant instead of a count over the records, which grow during the measurement.
      behaviour: { of: async () => ({ issued: 1, denied: 0, active: 1 }) },
      signer,
      records,
      subjectStatuses: inMemorySubjectStatuses(),
      statusIndexes: countingStatusIndexes(),
      restricted: recentSubjects(Date),
      clock: Date,
      ids: { next: randomUUID },
    },
  );
  return { handler, jwks: await keys.jwks(), privateKey };
}

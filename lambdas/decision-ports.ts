import { readFileSync } from 'node:fs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type * as z from 'zod';
import { policyDecisionPoint } from '../core/policy/decision-point.ts';
import type { LifetimeRules, TokenDecisionPorts } from '../core/token-decision.ts';
import { dynamoRecentBehaviour } from './adapters/dynamo-recent-behaviour.ts';
import { readConditions } from './adapters/further-conditions.ts';
import type { decisionEnv } from './decision-env.ts';

type DecisionEnv = z.infer<typeof decisionEnv>;

/**
 * What this deployment decides by: the policies and further conditions beside the code, and the record of what callers did.
 *
 * @param code the handler's own URL, `import.meta.url`
 * @throws when one cannot be loaded: a function deployed like that must not answer
 */
export async function decisionPorts(
  code: string,
  dynamo: DynamoDBClient,
  env: DecisionEnv,
): Promise<TokenDecisionPorts> {
  return {
    policies: policyDecisionPoint(JSON.parse(readFileSync(new URL('policy-bundle.json', code), 'utf8'))),
    conditions: await readConditions(code),
    behaviour: dynamoRecentBehaviour(dynamo, env.TABLE_NAME, env.MAX_LIFETIME),
  };
}

/** How long this deployment lets tokens live. */
export function lifetimeRules(env: DecisionEnv): LifetimeRules {
  return {
    defaultLifetime: env.DEFAULT_LIFETIME,
    defaultWriteLifetime: Math.min(env.DEFAULT_WRITE_LIFETIME, env.DEFAULT_LIFETIME),
    maxLifetime: env.MAX_LIFETIME,
  };
}

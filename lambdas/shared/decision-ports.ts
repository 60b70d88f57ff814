import { readFileSync } from 'node:fs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LifetimeRules, TokenDecisionPorts } from '@tvm/core/issuing/token-decision.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import type * as z from 'zod';
import { readConditions } from '../adapters/authorizers/external-authorizers.ts';
import { dynamoRecentBehaviour } from '../adapters/dynamo/recent-behaviour.ts';
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

import { readFileSync } from 'node:fs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LifetimeRules, TokenDecisionPorts } from '@tvm/core/issuing/token-decision.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import type * as z from 'zod';
import { readExternalAuthorizers } from '../adapters/authorizers/external-authorizers.ts';
import { dynamoRecentBehaviour } from '../adapters/dynamo/recent-behaviour.ts';
import type { decisionEnv } from './decision-env.ts';

type DecisionEnv = z.infer<typeof decisionEnv>;

/**
 * Loads the policies and external authorizers from the files next to the code, and connects the recent behaviour of
 * callers.
 *
 * @param code the handler's own URL, `import.meta.url`
 * @throws if a file cannot be loaded; the function must not serve requests then
 */
export async function decisionPorts(
  code: string,
  dynamo: DynamoDBClient,
  env: DecisionEnv,
): Promise<TokenDecisionPorts> {
  return {
    policies: policyDecisionPoint(JSON.parse(readFileSync(new URL('policy-bundle.json', code), 'utf8'))),
    conditions: await readExternalAuthorizers(code),
    behaviour: dynamoRecentBehaviour(dynamo, env.TABLE_NAME, env.MAX_LIFETIME),
  };
}

/** The token lifetimes of this deployment. */
export function lifetimeRules(env: DecisionEnv): LifetimeRules {
  return {
    defaultLifetime: env.DEFAULT_LIFETIME,
    defaultWriteLifetime: Math.min(env.DEFAULT_WRITE_LIFETIME, env.DEFAULT_LIFETIME),
    maxLifetime: env.MAX_LIFETIME,
  };
}

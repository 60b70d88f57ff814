import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { sweepTokensEnv } from '#lambdas/sweep-tokens/env.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import { ServiceFunction } from './service-function.ts';

export interface TokenSweepProps {
  foundation: Foundation;
  /** The hash of the deployed policy bundle. */
  policyBundle: string;
  /** The ARNs of the tokens' keys, the current signing key first. */
  keyArns: string[];
}

/** The sweep, which runs every minute. It marks expired tokens, and records new policies and keys for the audit. */
export class TokenSweep extends Construct {
  constructor(scope: Construct, id: string, { foundation, policyBundle, keyArns }: TokenSweepProps) {
    super(scope, id);
    const { config, defaults, records, events } = foundation;
    const sweepTokens = new ServiceFunction(this, 'sweep-tokens', {
      defaults,
      description: 'Every minute: marks expired tokens, and detects new policies and keys',
      memorySize: 512,
      timeout: Duration.minutes(1),
      env: sweepTokensEnv,
      environment: {
        TABLE_NAME: records.tableName,
        RECORD_RETENTION: String(config.record_retention),
        POLICY_BUNDLE: policyBundle,
        KEY_ARNS: keyArns.join(','),
      },
    });
    const allow = (operations: string[], leadingKeys: string[]) =>
      grantOnTable(sweepTokens, records.tableArn, records.encryptionKey, operations, leadingKeys);
    allow(['GetItem'], ['SWEEP', 'DEPLOYMENT']);
    allow(['PutItem'], ['FACT#*', 'DEPLOYMENT']);
    allow(['UpdateItem'], ['TOKEN#*', 'SWEEP']);
    records.allowFindingByExpiry(sweepTokens);
    new Rule(this, 'each-minute', {
      description: 'Starts sweep-tokens',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweepTokens, { deadLetterQueue: events.ruleDeadLetters })],
    });
  }
}

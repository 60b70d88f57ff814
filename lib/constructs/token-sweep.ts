import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { sweepTokensEnv } from '#lambdas/sweep-tokens/env.ts';
import { grantOnTable } from './grant-on-table.ts';
import type { Machine } from './machine.ts';
import { ServiceFunction } from './service-function.ts';

export interface TokenSweepProps {
  machine: Machine;
  /** The hash of the policy bundle that decides. */
  policyBundle: string;
  /** The keys of tokens, the one that signs first. */
  keyArns: string[];
}

/** What happens each minute: tokens past their end are noted as expired, and another deployment is told to the audit. */
export class TokenSweep extends Construct {
  constructor(scope: Construct, id: string, { machine, policyBundle, keyArns }: TokenSweepProps) {
    super(scope, id);
    const { config, defaults, records, events } = machine;
    const sweepTokens = new ServiceFunction(this, 'sweep-tokens', {
      defaults,
      description: 'Each minute: notes which tokens have expired, and whether other policies or keys are deployed',
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

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, type IGrantable, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { AUDIT_SOURCE } from '../../contract/events.ts';
import { indexTokensEnv } from '../../lambdas/index-tokens/env.ts';
import { listTokensEnv } from '../../lambdas/list-tokens/env.ts';
import { grantOnTable } from './grant-on-table.ts';
import type { Machine } from './machine.ts';
import { principalArnsOf } from './principal-arns.ts';
import { ServiceFunction } from './service-function.ts';

/** How long records are gathered before they are indexed together, in seconds. */
const GATHERED = 1;

/** What makes tokens be found, by whatever they say, and shows them to operators. No part of it ever scans the table. */
export class TokenList extends Construct {
  constructor(scope: Construct, id: string, { machine }: { machine: Machine }) {
    super(scope, id);
    const { config, defaults, records, api, events } = machine;
    const allow = (to: IGrantable, operations: string[], leadingKeys: string[]) =>
      grantOnTable(to, records.tableArn, defaults.encryptionKey, operations, leadingKeys);

    // Every decision is indexed, and what an earlier order selects is taken back.
    const indexTokens = new ServiceFunction(this, 'index-tokens', {
      defaults,
      description: 'Token Issued and Token Denied on the bus: makes their records be found',
      memorySize: 512,
      timeout: Duration.minutes(1),
      env: indexTokensEnv,
      environment: { TABLE_NAME: records.tableName, RECORD_RETENTION: String(config.record_retention) },
    });
    events.bring('index-tokens', indexTokens, {
      rules: [
        {
          name: 'decided',
          description: 'Token Issued and Token Denied: to the index of records',
          pattern: { source: [AUDIT_SOURCE], detailType: ['Token Issued', 'Token Denied'] },
        },
      ],
      batchSize: 100,
      batchWindow: GATHERED,
      // The rest waits in the queue: indexing does not crowd out issuing.
      maxConcurrency: 10,
    });
    allow(indexTokens, ['BatchGetItem', 'UpdateItem'], ['TOKEN#*']);
    allow(indexTokens, ['BatchWriteItem'], ['BY#*']);
    allow(indexTokens, ['Query'], ['AT#*']);
    allow(indexTokens, ['PutItem'], ['ORDER#*']);

    // An operator looks at them.
    const cursorKey = new Key(this, 'cursor-key', {
      description: 'Seals the cursors of the token vending machine’s lists',
      keySpec: KeySpec.HMAC_256,
      keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
      removalPolicy: config.data_protection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const listTokens = new ServiceFunction(this, 'list-tokens', {
      defaults,
      description: 'GET /tokens, /tokens/{id}, /tokens/summary: shows operators what was vended and denied',
      memorySize: 1024,
      timeout: Duration.seconds(29),
      env: listTokensEnv,
      environment: {
        ISSUER: api.issuer,
        TABLE_NAME: records.tableName,
        CURSOR_KEY_ARN: cursorKey.keyArn,
        MAX_LIFETIME: String(config.max_token_lifetime),
      },
    });
    for (const path of ['/tokens', '/tokens/{id}', '/tokens/summary']) api.signed(path, listTokens, 'GET');
    allow(listTokens, ['GetItem', 'BatchGetItem'], ['TOKEN#*']);
    allow(listTokens, ['Query'], ['BY#*', 'TOKEN#*']);
    records.allowFindingByExpiry(listTokens);
    sealedOnlyBy(cursorKey, listTokens.role);
  }
}

/** Lets one role seal, and nobody else: the key's own policy denies every other principal, whatever IAM says. */
function sealedOnlyBy(key: Key, role: Role): void {
  key.grant(role, 'kms:GenerateMac', 'kms:VerifyMac');
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'OnlyTheListSeals',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['kms:GenerateMac'],
      resources: ['*'],
      conditions: { ArnNotLike: { 'aws:PrincipalArn': principalArnsOf(role) } },
    }),
  );
}

import { AUDIT_SOURCE } from '@tvm/contract/events.ts';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, type IGrantable, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { indexTokensEnv } from '#lambdas/index-tokens/env.ts';
import { listTokensEnv } from '#lambdas/list-tokens/env.ts';
import { acknowledge } from './acknowledge.ts';
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

    // Every decision is indexed: tokens by a queue that denials cannot fill.
    const indexTokens = new ServiceFunction(this, 'index-tokens', {
      defaults,
      description: 'Token Issued and Token Denied on the bus: makes their records be found',
      memorySize: 512,
      timeout: Duration.seconds(30),
      env: indexTokensEnv,
      environment: { TABLE_NAME: records.tableName },
    });
    // The rest waits in the queue: indexing does not crowd out issuing.
    for (const [id, detailType, maxConcurrency] of [
      ['index-tokens', 'Token Issued', 10],
      ['index-denials', 'Token Denied', 2],
    ] as const) {
      events.bring(id, indexTokens, {
        rules: [
          {
            name: 'decided',
            description: `${detailType}: to the index of records`,
            pattern: { source: [AUDIT_SOURCE], detailType: [detailType] },
          },
        ],
        batchSize: 100,
        batchWindow: GATHERED,
        maxConcurrency,
      });
    }
    allow(indexTokens, ['BatchGetItem'], ['TOKEN#*']);
    allow(indexTokens, ['BatchWriteItem'], ['BY#*']);

    // An operator looks at them.
    const cursorKey = new Key(this, 'cursor-key', {
      description: 'Seals the cursors of the token vending machine’s lists',
      keySpec: KeySpec.HMAC_256,
      keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
      removalPolicy: config.data_protection ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    acknowledge(cursorKey, { CKV_AWS_7: 'KMS rotates no HMAC keys.' });
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

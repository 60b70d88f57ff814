import { AUDIT_SOURCE } from '@tvm/contract/events.ts';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, type IGrantable, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { indexTokensEnv } from '#lambdas/index-tokens/env.ts';
import { listTokensEnv } from '#lambdas/list-tokens/env.ts';
import { acknowledge } from './acknowledge.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import { principalArnsOf } from './principal-arns.ts';
import { ServiceFunction } from './service-function.ts';

/** How long records are batched before they are indexed, in seconds. */
const GATHERED = 1;

/** Indexes tokens by their properties, and lists them for operators. No part of it scans the table. */
export class TokenList extends Construct {
  constructor(scope: Construct, id: string, { foundation }: { foundation: Foundation }) {
    super(scope, id);
    const { config, defaults, records, api, events } = foundation;
    const allow = (to: IGrantable, operations: string[], leadingKeys: string[]) =>
      grantOnTable(to, records.tableArn, defaults.encryptionKey, operations, leadingKeys);

    // Tokens and denials have separate queues, so that a flood of denials does not delay the index of tokens.
    const indexTokens = new ServiceFunction(this, 'index-tokens', {
      defaults,
      description: 'Token Issued and Token Denied on the bus: indexes their records',
      memorySize: 512,
      timeout: Duration.seconds(30),
      env: indexTokensEnv,
      environment: { TABLE_NAME: records.tableName },
    });
    // Limited concurrency, so that indexing does not throttle token issuance.
    for (const [id, detailType, maxConcurrency] of [
      ['index-tokens', 'Token Issued', 10],
      ['index-denials', 'Token Denied', 2],
    ] as const) {
      events.deliver(id, indexTokens, {
        rules: [
          {
            name: 'decided',
            description: `${detailType}: indexes the record`,
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

    // Lets operators list tokens.
    const cursorKey = new Key(this, 'cursor-key', {
      description: 'Computes the MAC of list cursors of the token vending machine',
      keySpec: KeySpec.HMAC_256,
      keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
      removalPolicy: config.data_protection ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    acknowledge(cursorKey, { CKV_AWS_7: 'KMS does not rotate HMAC keys.' });
    const listTokens = new ServiceFunction(this, 'list-tokens', {
      defaults,
      description: 'GET /tokens, /tokens/{id}, /tokens/summary: lists issued tokens and denials for operators',
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
    macOnlyBy(cursorKey, listTokens.role);
  }
}

/** Lets only one role compute MACs. The key policy denies all other principals, regardless of their IAM policies. */
function macOnlyBy(key: Key, role: Role): void {
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

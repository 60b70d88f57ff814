import { AUDIT_SOURCE } from '@tvm/contract/events.ts';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { serveStatusListEnv } from '#lambdas/serve-status-list/env.ts';
import { updateStatusListsEnv } from '#lambdas/update-status-lists/env.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import { ServiceFunction } from './service-function.ts';
import { SigningKey } from './signing-key.ts';

/** How long revocations are batched before the lists are signed again, in seconds. */
const GATHERED = 1;

/**
 * The status lists (draft-ietf-oauth-status-list), which let resource servers check revocations without introspection.
 */
export class StatusLists extends Construct {
  /** A separate table, because its items change with each revocation and must not appear in the audit stream. */
  readonly table: Table;
  private readonly foundation: Foundation;

  constructor(scope: Construct, id: string, { foundation }: { foundation: Foundation }) {
    super(scope, id);
    this.foundation = foundation;
    const { config, defaults, api, events } = foundation;
    const protect = config.data_protection;
    this.table = new Table(this, 'table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'ttl',
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: defaults.encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: protect,
      // Retained even if the first deployment fails: CloudFormation could not delete a table with deletion protection,
      // and the rollback would fail as well.
      removalPolicy: protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const key = new SigningKey(this, 'status-list-key', { spec: 'ECC_NIST_P256', protect, signs: 'status lists' });
    const common = {
      ISSUER: api.issuer,
      STATUS_LIST_TABLE: this.table.tableName,
      STATUS_LIST_TTL: String(config.status_list_ttl),
      STATUS_LIST_KEY_ARN: key.keyArn,
    };

    // Revocations and a schedule update the lists.
    const update = new ServiceFunction(this, 'update-status-lists', {
      defaults,
      description: 'Token Revoked on the bus, and every minute: updates and signs the status lists',
      // Most of the time is spent compressing, and the CPU share is proportional to the memory.
      memorySize: 1024,
      timeout: Duration.seconds(30),
      env: updateStatusListsEnv,
      environment: {
        ...common,
        STATUS_LIST_SIZE: String(config.status_list_size),
        STATUS_LIST_VALIDITY: String(config.status_list_validity),
      },
    });
    events.deliver('status-lists', update, {
      rules: [
        {
          name: 'revoked',
          description: 'Token Revoked: updates status lists',
          pattern: { source: [AUDIT_SOURCE], detailType: ['Token Revoked'] },
        },
        {
          name: 'begun',
          description: 'Token Issued with the first index of a list: publishes the list and the next one',
          pattern: {
            source: [AUDIT_SOURCE],
            detailType: ['Token Issued'],
            detail: { statusList: { index: [0] } },
          },
        },
        {
          name: 'each-minute',
          description: 'Every minute: signs status lists again before they expire',
          schedule: Schedule.rate(Duration.minutes(1)),
        },
      ],
      batchSize: 1_000,
      batchWindow: GATHERED,
      // All invocations update the same list, and those that lose the optimistic lock have signed in vain.
      maxConcurrency: 2,
    });
    key.signedOnlyBy(update.role);
    this.allow(update, ['GetItem']);
    this.allow(update, ['PutItem'], ['LIST#*']);
    this.allow(update, ['UpdateItem'], ['OLDEST']);

    // The lists are public.
    const serve = new ServiceFunction(this, 'serve-status-list', {
      defaults,
      description: 'GET /status-lists/…: the status lists, and the key that verifies them',
      memorySize: 256,
      env: serveStatusListEnv,
      environment: common,
    });
    for (const path of ['/status-lists', '/status-lists/{list}', '/.well-known/status-list-keys.json']) {
      api.openDocument(path, serve);
    }
    key.grant(serve, 'kms:GetPublicKey');
    this.allow(serve, ['GetItem']);
  }

  /** Lets a function lease indexes for tokens, and nothing else. */
  allowLeasing(grantee: IGrantable): void {
    this.allow(grantee, ['UpdateItem'], ['ALLOCATION']);
  }

  private allow(grantee: IGrantable, operations: string[], leadingKeys?: string[]): void {
    grantOnTable(grantee, this.table.tableArn, this.foundation.defaults.encryptionKey, operations, leadingKeys);
  }
}

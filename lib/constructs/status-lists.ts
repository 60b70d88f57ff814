import { AUDIT_SOURCE } from '@tvm/contract/events.ts';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { serveStatusListEnv } from '#lambdas/serve-status-list/env.ts';
import { updateStatusListsEnv } from '#lambdas/update-status-lists/env.ts';
import { grantOnTable } from './grant-on-table.ts';
import type { Machine } from './machine.ts';
import { ServiceFunction } from './service-function.ts';
import { SigningKey } from './signing-key.ts';

/** How long revocations are gathered before the lists are signed anew, in seconds. */
const GATHERED = 1;

/** The status lists (draft-ietf-oauth-status-list): what verifiers look up revocations in without asking the machine. */
export class StatusLists extends Construct {
  /** A table of its own: what is in it changes with each revocation and is told to nobody as an event. */
  readonly table: Table;
  private readonly machine: Machine;

  constructor(scope: Construct, id: string, { machine }: { machine: Machine }) {
    super(scope, id);
    this.machine = machine;
    const { config, defaults, api, events } = machine;
    const protect = config.data_protection;
    this.table = new Table(this, 'table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'ttl',
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: defaults.encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: protect,
      // Also when the first deployment fails: with deletion protection CloudFormation could not delete it, and the rollback
      // would fail too.
      removalPolicy: protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const key = new SigningKey(this, 'status-list-key', { spec: 'ECC_NIST_P256', protect, signs: 'status lists' });
    const common = {
      ISSUER: api.issuer,
      STATUS_LIST_TABLE: this.table.tableName,
      STATUS_LIST_TTL: String(config.status_list_ttl),
      STATUS_LIST_KEY_ARN: key.keyArn,
    };

    // A revocation, or the clock, changes a list.
    const update = new ServiceFunction(this, 'update-status-lists', {
      defaults,
      description: 'Token Revoked on the bus, and each minute: signs the status lists anew',
      // Compressing takes most of the time, and CPU comes in proportion.
      memorySize: 1024,
      timeout: Duration.seconds(30),
      env: updateStatusListsEnv,
      environment: {
        ...common,
        STATUS_LIST_SIZE: String(config.status_list_size),
        STATUS_LIST_VALIDITY: String(config.status_list_validity),
      },
    });
    events.bring('status-lists', update, {
      rules: [
        {
          name: 'revoked',
          description: 'Token Revoked: to the status lists',
          pattern: { source: [AUDIT_SOURCE], detailType: ['Token Revoked'] },
        },
        {
          name: 'begun',
          description: 'Token Issued with the first place of a list: publish it, and the next',
          pattern: {
            source: [AUDIT_SOURCE],
            detailType: ['Token Issued'],
            detail: { statusList: { index: [0] } },
          },
        },
        {
          name: 'each-minute',
          description: 'Each minute: status lists are signed anew before they end',
          schedule: Schedule.rate(Duration.minutes(1)),
        },
      ],
      batchSize: 1_000,
      batchWindow: GATHERED,
      // They all write the same list, and who comes second signs in vain.
      maxConcurrency: 2,
    });
    key.signedOnlyBy(update.role);
    this.allow(update, ['GetItem']);
    this.allow(update, ['PutItem'], ['LIST#*']);
    this.allow(update, ['UpdateItem'], ['OLDEST']);

    // Anybody fetches a list.
    const serve = new ServiceFunction(this, 'serve-status-list', {
      defaults,
      description: 'GET /status-lists/…: the status lists, and the key that they are verified with',
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

  /** Lets a function lease places for tokens, and touch nothing else here. */
  allowLeasing(grantee: IGrantable): void {
    this.allow(grantee, ['UpdateItem'], ['ALLOCATION']);
  }

  private allow(grantee: IGrantable, operations: string[], leadingKeys?: string[]): void {
    grantOnTable(grantee, this.table.tableArn, this.machine.defaults.encryptionKey, operations, leadingKeys);
  }
}

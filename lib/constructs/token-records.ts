import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { REMEMBERED_PARTITIONS } from '#lambdas/shared/audit-item-keys.ts';
import { grantOnTable } from './grant-on-table.ts';

export interface TokenRecordsProps {
  encryptionKey: IKey;
  /** Keep the table when the stack goes, and guard it from deletion. */
  protect: boolean;
}

/** The attributes of a fact for the audit. */
const FACT = ['pk', 'sk', 'detailType', 'detail', 'ttl'];

/** The table of every decision. docs/reference/storage-schema.md says what each attribute and index is for. */
export class TokenRecords extends Table {
  declare readonly encryptionKey: IKey;

  constructor(scope: Construct, id: string, { encryptionKey, protect }: TokenRecordsProps) {
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'ttl',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: protect,
      // Also when the first deployment fails: with deletion protection CloudFormation could not delete it, and the rollback
      // would fail too.
      removalPolicy: protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.addGlobalSecondaryIndex({
      indexName: 'by-subject',
      partitionKey: { name: 'subjectPartition', type: AttributeType.STRING },
      sortKey: { name: 'decidedAt', type: AttributeType.NUMBER },
      // It never changes, so neither does the index when a record's state does.
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['expiresAt'],
    });
    this.addGlobalSecondaryIndex({
      indexName: 'by-expiry',
      partitionKey: { name: 'expiryPartition', type: AttributeType.STRING },
      sortKey: { name: 'expiresAt', type: AttributeType.NUMBER },
      // What is yet to expire, and what it is counted by: a record leaves this index when it ends in any way.
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['subject', 'audience', 'access', 'decidedAt'],
    });
  }

  /** Lets a function call these operations on the table itself, and use the key that encrypts it. */
  allow(
    grantee: IGrantable,
    ...operations: ('GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query' | 'BatchGetItem' | 'BatchWriteItem')[]
  ): void {
    grantOnTable(grantee, this.tableArn, this.encryptionKey, operations);
  }

  /**
   * Lets a function count introspections beside records. It can change nothing by which a token is judged: neither its
   * state nor its times.
   *
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
   */
  allowCountingIntrospections(grantee: IGrantable): void {
    const attributes = ['pk', 'sk', 'tokenId', 'subject', 'audience', 'by', 'result', 'minute', 'last', 'count', 'ttl'];
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:UpdateItem'],
      resourceArns: [this.tableArn],
      conditions: {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'TOKEN#*' },
        'ForAllValues:StringEquals': { 'dynamodb:Attributes': attributes },
      },
    });
  }

  /**
   * Lets a function note facts for the audit, by default beside the records of tokens too. It can put nothing there that
   * passes for a record, least of all for one that was never revoked.
   */
  allowNotingFacts(grantee: IGrantable, partitions: readonly string[] = ['TOKEN#*', 'FACT#*']): void {
    grantOnTable(grantee, this.tableArn, this.encryptionKey, ['PutItem'], partitions, FACT);
  }

  /**
   * Lets a function write facts for the audit beside what is held against subjects: each change of that is written
   * together with one.
   */
  allowSubjectFacts(grantee: IGrantable): void {
    grantOnTable(grantee, this.tableArn, this.encryptionKey, ['PutItem'], ['SUBJECT#*'], FACT);
  }

  /** Lets a function that reads the stream look up what the stream tells it of. */
  allowConfirming(grantee: IGrantable): void {
    const remembered = REMEMBERED_PARTITIONS.map((beginning) => `${beginning}*`);
    grantOnTable(grantee, this.tableArn, this.encryptionKey, ['BatchGetItem'], remembered);
  }

  /** Lets a function find what is yet to expire. */
  allowFindingByExpiry(grantee: IGrantable): void {
    grantOnTable(grantee, `${this.tableArn}/index/by-expiry`, this.encryptionKey, ['Query']);
  }

  /** Lets a function find a subject's tokens. */
  allowFindingBySubject(grantee: IGrantable): void {
    grantOnTable(grantee, `${this.tableArn}/index/by-subject`, this.encryptionKey, ['Query']);
  }
}

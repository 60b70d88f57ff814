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
import { AUDIT_PARTITIONS } from '#lambdas/shared/audit-item-keys.ts';
import { grantOnTable } from './grant-on-table.ts';

export interface TokenRecordsProps {
  encryptionKey: IKey;
  /** Retain the table when the stack is deleted, and enable deletion protection. */
  protect: boolean;
}

/** The attributes of a fact for the audit. */
const FACT = ['pk', 'sk', 'detailType', 'detail', 'ttl'];

/** The table of all decisions. docs/reference/storage-schema.md describes the attributes and indexes. */
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
      // Retained even if the first deployment fails: CloudFormation could not delete a table with deletion protection,
      // and the rollback would fail as well.
      removalPolicy: protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.addGlobalSecondaryIndex({
      indexName: 'by-subject',
      partitionKey: { name: 'subjectPartition', type: AttributeType.STRING },
      sortKey: { name: 'decidedAt', type: AttributeType.NUMBER },
      // Only attributes that never change, so that a change of a record's state does not write to the index.
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['expiresAt'],
    });
    this.addGlobalSecondaryIndex({
      indexName: 'by-expiry',
      partitionKey: { name: 'expiryPartition', type: AttributeType.STRING },
      sortKey: { name: 'expiresAt', type: AttributeType.NUMBER },
      // Unexpired tokens, with the attributes by which they are counted. A record leaves this index when its token is
      // revoked, fails or is marked as expired.
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['subject', 'audience', 'access', 'decidedAt'],
    });
  }

  /** Lets a function call these operations on the table itself, and use its encryption key. */
  allow(
    grantee: IGrantable,
    ...operations: ('GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query' | 'BatchGetItem' | 'BatchWriteItem')[]
  ): void {
    grantOnTable(grantee, this.tableArn, this.encryptionKey, operations);
  }

  /**
   * Lets a function count introspections in the partitions of token records. The limited attributes prevent it from
   * changing the state or the times of a token.
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
   * Lets a function store facts for the audit, by default also in the partitions of token records. The limited
   * attributes prevent the function from writing a record, such as one that hides a revocation.
   */
  allowNotingFacts(grantee: IGrantable, partitions: readonly string[] = ['TOKEN#*', 'FACT#*']): void {
    grantOnTable(grantee, this.tableArn, this.encryptionKey, ['PutItem'], partitions, FACT);
  }

  /**
   * Lets a function store facts for the audit in the partitions of subject statuses. Each change of a subject status is
   * written together with a fact.
   */
  allowSubjectFacts(grantee: IGrantable): void {
    grantOnTable(grantee, this.tableArn, this.encryptionKey, ['PutItem'], ['SUBJECT#*'], FACT);
  }

  /** Lets a function that reads the stream look up the items of the stream's records. */
  allowConfirming(grantee: IGrantable): void {
    const partitions = AUDIT_PARTITIONS.map((prefix) => `${prefix}*`);
    grantOnTable(grantee, this.tableArn, this.encryptionKey, ['BatchGetItem'], partitions);
  }

  /** Lets a function find unexpired tokens. */
  allowFindingByExpiry(grantee: IGrantable): void {
    grantOnTable(grantee, `${this.tableArn}/index/by-expiry`, this.encryptionKey, ['Query']);
  }

  /** Lets a function find a subject's tokens. */
  allowFindingBySubject(grantee: IGrantable): void {
    grantOnTable(grantee, `${this.tableArn}/index/by-subject`, this.encryptionKey, ['Query']);
  }
}

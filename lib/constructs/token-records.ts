import { RemovalPolicy, Stack } from 'aws-cdk-lib';
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

export interface TokenRecordsProps {
  encryptionKey: IKey;
  /** Keep the table when the stack goes, and guard it from deletion. */
  protect: boolean;
}

/** The table of every decision. docs/storage-schema.md says what each attribute and index is for. */
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
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }

  /** Lets a function call these operations on the table itself, and use the key that encrypts it. */
  allow(grantee: IGrantable, ...operations: ('GetItem' | 'PutItem' | 'UpdateItem')[]): void {
    this.grantWithKey(grantee, this.tableArn, operations);
  }

  /** Lets a function find a subject's tokens. */
  allowFindingBySubject(grantee: IGrantable): void {
    this.grantWithKey(grantee, `${this.tableArn}/index/by-subject`, ['Query']);
  }

  private grantWithKey(grantee: IGrantable, resourceArn: string, operations: string[]): void {
    Grant.addToPrincipal({
      grantee,
      actions: operations.map((operation) => `dynamodb:${operation}`),
      resourceArns: [resourceArn],
    });
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    Grant.addToPrincipal({
      grantee,
      actions: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      resourceArns: [this.encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(this).region}.amazonaws.com` } },
    });
  }
}

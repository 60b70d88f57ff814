import { Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';

/**
 * Lets a function call operations on a table or an index, and use its encryption key through DynamoDB only.
 *
 * @param resourceArn the ARN of the table or the index
 * @param leadingKeys patterns of the allowed partition keys. Default: all.
 * @param attributes the allowed attributes. Default: all.
 */
export function grantOnTable(
  grantee: IGrantable,
  resourceArn: string,
  encryptionKey: IKey,
  operations: readonly string[],
  leadingKeys?: readonly string[],
  attributes?: readonly string[],
): void {
  const conditions = {
    ...(leadingKeys && { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': leadingKeys } }),
    ...(attributes && { 'ForAllValues:StringEquals': { 'dynamodb:Attributes': attributes } }),
  };
  Grant.addToPrincipal({
    grantee,
    actions: operations.map((operation) => `dynamodb:${operation}`),
    resourceArns: [resourceArn],
    conditions,
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
    resourceArns: [encryptionKey.keyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(encryptionKey).region}.amazonaws.com` },
    },
  });
}

import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** The customer-managed key that encrypts the stored data: records, logs and dead letters. */
export class DataKey extends Key {
  /** @param protect retain the key when the stack is deleted; without the key, the data can never be decrypted */
  constructor(scope: Construct, id: string, { protect }: { protect: boolean }) {
    super(scope, id, {
      description: 'Encrypts the token vending machine’s records, logs and dead letters',
      enableKeyRotation: true,
      removalPolicy: protect ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    const { region, account, partition } = Stack.of(this);
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    this.grantEncryptDecrypt(
      new ServicePrincipal(`logs.${region}.amazonaws.com`, {
        conditions: {
          ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*` },
        },
      }),
    );
    // EventBridge puts messages on encrypted queues. Each queue's own policy names the rules that may do so.
    // EventBridge provides `aws:SourceAccount` for queues; CDK's own rule target relies on it, too (feature flag
    // `eventsTargetQueueSameAccount`). For encrypted topics it does not, so no rule may have one as its target:
    // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
  }
}

import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** The customer-managed key that encrypts what the machine keeps: records, logs, dead letters. */
export class DataKey extends Key {
  /** @param protect keep the key when the stack goes: without it, nothing it encrypted can ever be read */
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
    // EventBridge puts messages on encrypted queues; which rule may, each queue's own policy says. It states the account
    // then (CDK's own rule target relies on it: feature flag `eventsTargetQueueSameAccount`). It does not when it publishes to
    // an encrypted topic, so no rule may have one as its target:
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

import type { Target } from './target.ts';

/** The outputs of the deployed stack. */
export interface StackOutputs {
  /** The issuer URL of TVM. Its endpoints are below this URL. */
  Issuer: string;
  ApiId: string;
  TableName: string;
  EventBusName: string;
  WorkloadPolicyArn: string;
  ResourceServerPolicyArn: string;
  OperatorPolicyArn: string;
  SecurityEventReceiverPolicyArn: string;
  SigningKeyArn: string;
  /** The hash of the policy bundle in use. */
  PolicyBundle: string;
  AuditDeadLetterQueueUrl: string;
  /** The SNS topic that every alarm notifies. */
  AlarmTopicArn: string;
  DashboardName: string;
  AuditArchiveBucket: string;
  /** The name of the function that signs the digests of the archive. */
  AuditDigestFunction: string;
  RevocationDeadLetterQueueUrl: string;
}

/**
 * Corrections of one emulator's differences from AWS: one file per emulator, one function per difference. On AWS,
 * CloudFormation does all of this and none of it runs.
 */
export interface Bridges {
  /** @param account the 12-digit ID of the bootstrapped account */
  afterBootstrap(target: Target, account: string): Promise<void>;
  afterDeploy(target: Target, stack: StackOutputs): Promise<void>;
}

import type { Target } from './target.ts';

/** What the deployed stack says of itself. */
export interface StackOutputs {
  /** The machine's issuer URL, which its endpoints hang under. */
  Issuer: string;
  ApiId: string;
  TableName: string;
  EventBusName: string;
  WorkloadPolicyArn: string;
  ResourceServerPolicyArn: string;
  OperatorPolicyArn: string;
  SecurityEventReceiverPolicyArn: string;
  SigningKeyArn: string;
  /** The hash of the policy bundle that decides. */
  PolicyBundle: string;
  AuditDeadLetterQueueUrl: string;
  /** Where every alarm goes. */
  AlarmTopicArn: string;
  DashboardName: string;
  AuditArchiveBucket: string;
  /** The name of the function that signs what was archived. */
  AuditDigestFunction: string;
  RevocationDeadLetterQueueUrl: string;
}

/**
 * The differences between AWS and one emulator that the local deployment makes up for: one file for each emulator, one
 * function for each difference. On AWS CloudFormation does all of this by itself; nothing of it runs there.
 */
export interface Bridges {
  /** @param account the 12-digit id of the account that was bootstrapped */
  afterBootstrap(target: Target, account: string): Promise<void>;
  afterDeploy(target: Target, stack: StackOutputs): Promise<void>;
}

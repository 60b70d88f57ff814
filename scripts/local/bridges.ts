import type { StackOutputs } from './deploy.ts';
import type { Target } from './target.ts';

/**
 * The differences between AWS and one emulator that the local deployment makes up for: one file for each emulator, one
 * function for each difference. On AWS CloudFormation does all of this by itself; nothing of it runs there.
 */
export interface Bridges {
  /** @param account the 12-digit id of the account that was bootstrapped */
  afterBootstrap(target: Target, account: string): Promise<void>;
  afterDeploy(target: Target, stack: StackOutputs): Promise<void>;
}

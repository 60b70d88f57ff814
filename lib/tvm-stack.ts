import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { TokenVendingMachine, type TokenVendingMachineProps } from './token-vending-machine.ts';

export interface TvmStackProps extends StackProps, TokenVendingMachineProps {}

/** A stack of its own for the token vending machine: all of it, so that nothing stateful ever has to move. */
export class TvmStack extends Stack {
  constructor(scope: Construct, id: string, { config, policyBundle, authorizerFiles, ...props }: TvmStackProps) {
    super(scope, id, { description: 'Token vending machine: short-lived, narrow tokens for workloads', ...props });
    // CDK leaves `Default` out of logical ids: they are those of a stack that holds the parts itself.
    new TokenVendingMachine(this, 'Default', { config, policyBundle, authorizerFiles });
  }
}

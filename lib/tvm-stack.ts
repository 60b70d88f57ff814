import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { TokenVendingMachine, type TokenVendingMachineProps } from './token-vending-machine.ts';

export interface TvmStackProps extends StackProps, TokenVendingMachineProps {}

/** The stack with the whole Token Vending Machine. One stack, so that stateful resources never move between stacks. */
export class TvmStack extends Stack {
  constructor(scope: Construct, id: string, { config, policyBundle, authorizerFiles, ...props }: TvmStackProps) {
    super(scope, id, { description: 'Token vending machine: short-lived, narrow tokens for workloads', ...props });
    // CDK omits the id `Default` from logical ids, as if the stack contained the constructs directly.
    new TokenVendingMachine(this, 'Default', { config, policyBundle, authorizerFiles });
  }
}

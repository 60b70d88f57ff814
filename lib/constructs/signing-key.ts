import { RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { principalArnsOf } from './principal-arns.ts';

export interface SigningKeyProps {
  spec: Config['signing_keys'][string];
  /** Keep the key when the stack goes. */
  protect: boolean;
}

/** An asymmetric KMS key that signs tokens. Its private half never leaves KMS. */
export class SigningKey extends Key {
  constructor(scope: Construct, id: string, { spec, protect }: SigningKeyProps) {
    super(scope, id, {
      description: 'Signs tokens of the token vending machine',
      keySpec: KeySpec[spec],
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }

  /**
   * Lets one role sign, and nobody else: the key's own policy denies every other principal of the account, whatever
   * IAM policies they have.
   */
  signedOnlyBy(role: Role): void {
    this.grant(role, 'kms:Sign', 'kms:GetPublicKey');
    this.denySigning({ ArnNotLike: { 'aws:PrincipalArn': principalArnsOf(role) } });
  }

  /** Lets nobody sign: for a key whose tokens may still be valid, or are yet to come. */
  signedByNobody(): void {
    this.denySigning({});
  }

  private denySigning(conditions: Record<string, Record<string, string[]>>): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'OnlyTheIssuerSigns',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['kms:Sign'],
        resources: ['*'],
        conditions,
      }),
    );
  }
}

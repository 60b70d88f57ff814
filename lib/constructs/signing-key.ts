import { RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Config } from '../config/config.ts';
import { principalArnsOf } from './principal-arns.ts';

export interface SigningKeyProps {
  spec: Config['signing_keys'][string];
  /** Retain the key when the stack is deleted. */
  protect: boolean;
  /** What the key signs, for its description. Default: tokens. */
  signs?: string;
}

/** An asymmetric KMS key that signs one kind of document, by default tokens. The private key never leaves KMS. */
export class SigningKey extends Key {
  constructor(scope: Construct, id: string, { spec, protect, signs = 'tokens' }: SigningKeyProps) {
    super(scope, id, {
      description: `Signs ${signs} of the token vending machine`,
      keySpec: KeySpec[spec],
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: protect ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
  }

  /**
   * Lets only these roles sign, usually a single one. The key policy denies all other principals of the account,
   * regardless of their IAM policies.
   */
  signedOnlyBy(...roles: Role[]): void {
    for (const role of roles) this.grant(role, 'kms:Sign', 'kms:GetPublicKey');
    this.denySigning({ ArnNotLike: { 'aws:PrincipalArn': roles.flatMap(principalArnsOf) } });
  }

  /** Lets nobody sign. For a previous or future signing key during key rotation. */
  signedByNobody(): void {
    this.denySigning({});
  }

  private denySigning(conditions: Record<string, Record<string, string[]>>): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'OnlyItsSignerSigns',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['kms:Sign'],
        resources: ['*'],
        conditions,
      }),
    );
  }
}

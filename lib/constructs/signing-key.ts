import { RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Config } from '../config/config.ts';
import { principalArnsOf } from './principal-arns.ts';

export interface SigningKeyProps {
  spec: Config['signing_keys'][string];
  /** Keep the key when the stack goes. */
  protect: boolean;
  /** What it signs, for whoever looks at the key. Default: tokens. */
  signs?: string;
}

/** An asymmetric KMS key that signs tokens, or one other kind of thing. Its private half never leaves KMS. */
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
   * Lets these roles sign, one as a rule, and nobody else: the key's own policy denies every other principal of the
   * account, whatever IAM policies they have.
   */
  signedOnlyBy(...roles: Role[]): void {
    for (const role of roles) this.grant(role, 'kms:Sign', 'kms:GetPublicKey');
    this.denySigning({ ArnNotLike: { 'aws:PrincipalArn': roles.flatMap(principalArnsOf) } });
  }

  /** Lets nobody sign: for a key whose tokens may still be valid, or are yet to come. */
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

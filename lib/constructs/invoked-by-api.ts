import { RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, ServicePrincipal, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy, type IFunction } from 'aws-cdk-lib/aws-lambda';

/**
 * Lets only the methods of an API invoke a function. The function trusts the caller identity that API Gateway puts into
 * the event, so anyone who could invoke the function directly could impersonate any caller.
 *
 * The denial also applies to principals whose own IAM policy allows `lambda:InvokeFunction`: their requests have a
 * different `aws:SourceArn`, or none. The policy replaces `AWS::Lambda::Permission`; the two would overwrite each
 * other.
 *
 * @param methodArns the ARNs of the methods, as API Gateway formats them. ARNs may be added until synthesis.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-resourcepolicy.html
 */
export function invokedOnlyBy(methodArns: readonly string[], handler: IFunction): void {
  const { functionArn } = handler;
  // Versions and aliases of the function have their own ARNs.
  const resources = [functionArn, `${functionArn}:*`];
  const policy = new CfnResourcePolicy(handler, 'resource-policy', {
    resourceArn: functionArn,
    policyDocument: new PolicyDocument({
      statements: [
        new PolicyStatement({
          sid: 'TheApiInvokes',
          principals: [new ServicePrincipal('apigateway.amazonaws.com')],
          actions: ['lambda:InvokeFunction'],
          resources,
          conditions: { ArnLike: { 'aws:SourceArn': methodArns } },
        }),
        new PolicyStatement({
          sid: 'NobodyElseInvokes',
          effect: Effect.DENY,
          principals: [new StarPrincipal()],
          actions: ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'],
          resources,
          conditions: { ArnNotLike: { 'aws:SourceArn': methodArns } },
        }),
      ],
    }),
  });
  // Lambda deletes the policy with the function. If CloudFormation deleted it earlier, for example in the rollback of
  // the update that adds it, the API could no longer invoke the function.
  policy.applyRemovalPolicy(RemovalPolicy.RETAIN);
}

import { RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, ServicePrincipal, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy, type IFunction } from 'aws-cdk-lib/aws-lambda';

/**
 * Lets the methods of an API invoke a function, and nobody else. The function believes the caller identity that API
 * Gateway puts into the event, so whoever could invoke it directly could act as anyone.
 *
 * The denial also holds for principals whose own IAM policy allows `lambda:InvokeFunction`: a request that is not from
 * one of these methods has another `aws:SourceArn`, or none. It replaces `AWS::Lambda::Permission`: the two overwrite
 * each other.
 *
 * @param methodArns the ARNs of the methods, as API Gateway states them. May be added to until synthesis.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-resourcepolicy.html
 */
export function invokedOnlyBy(methodArns: readonly string[], handler: IFunction): void {
  const { functionArn } = handler;
  // With a version or an alias, a function has another ARN.
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
  // The policy ends with its function. Removed before that, it would leave the API unable to invoke; also in the rollback of
  // the update that adds it to a function, so it is kept then too.
  policy.applyRemovalPolicy(RemovalPolicy.RETAIN);
}

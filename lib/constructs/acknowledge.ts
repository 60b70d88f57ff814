import { CfnResource, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Suppresses scanner rules that a resource breaks on purpose, each with a reason. Call it once per resource. Rules of
 * cdk-nag (`AwsSolutions-…`) are acknowledged through CDK. Rules of checkov (`CKV_…`) and cfn-lint (such as `W3005`)
 * are written into the resource's metadata, where these tools look for them.
 *
 * @see https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
 * @see https://github.com/aws-cloudformation/cfn-lint#resource-based-metadata
 */
export function acknowledge(construct: IConstruct, reasons: Record<string, string>): void {
  const resource = CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild;
  if (!CfnResource.isCfnResource(resource)) throw new Error(`${construct.node.path} is not a resource`);
  const skip: { id: string; comment: string }[] = [];
  const ignored: Record<string, string> = {};
  for (const [id, reason] of Object.entries(reasons)) {
    if (id.startsWith('AwsSolutions-')) Validations.of(construct).acknowledge({ id, reason });
    else if (id.startsWith('CKV_')) skip.push({ id, comment: reason });
    else ignored[id] = reason;
  }
  if (skip.length > 0) resource.addMetadata('checkov', { skip });
  const ignore_checks = Object.keys(ignored);
  if (ignore_checks.length > 0) resource.addMetadata('cfn-lint', { config: { ignore_checks }, reasons: ignored });
}

import { CfnResource, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Explains why a resource breaks rules on purpose, once for each resource. Rules of cdk-nag (`AwsSolutions-…`) are acknowledged
 * as CDK has it; those of checkov (`CKV_…`) and cfn-lint (`W3005` and the like) in the metadata of the resource itself, where
 * these look.
 *
 * @see https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
 * @see https://github.com/aws-cloudformation/cfn-lint#resource-based-metadata
 */
export function acknowledge(construct: IConstruct, reasons: Record<string, string>): void {
  const resource = CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild;
  if (!CfnResource.isCfnResource(resource)) throw new Error(`${construct.node.path} is no resource`);
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

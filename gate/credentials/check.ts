import type { CloudFormationResource } from '../cloudformation/resources.ts';
import type { KubernetesObject } from '../kubernetes/objects.ts';
import type { Hit } from '../model/check.ts';
import type { Rule } from '../model/finding.ts';
import type { Mapping } from '../model/values.ts';

/** A rule that finds credentials in the text, comments too, or by the names of values. No message quotes what is found. */
export interface CredentialRule extends Rule {
  inText?(text: string): { offset: number; message: string }[];
  inKubernetes?(object: KubernetesObject): Hit[];
  /** In a parameter of a template, by its name. */
  inParameter?(parameter: { id: string; value: Mapping }): Hit[];
  inCloudFormation?(resource: CloudFormationResource): Hit[];
}

import type { CloudFormationResource } from '../cloudformation/resources.ts';
import type { KubernetesObject } from '../kubernetes/objects.ts';
import type { Hit } from '../model/check.ts';
import type { Rule } from '../model/finding.ts';
import type { Mapping } from '../model/values.ts';

/** A rule that finds credentials in a text, including its comments, or by the names of values. Messages never quote them. */
export interface CredentialRule extends Rule {
  inText?(text: string): { offset: number; message: string }[];
  inKubernetes?(object: KubernetesObject): Hit[];
  /** Finds a credential in a template parameter by its name. */
  inParameter?(parameter: { id: string; value: Mapping }): Hit[];
  inCloudFormation?(resource: CloudFormationResource): Hit[];
}

import { awsRules } from './aws-rules.ts';
import { bindingRules } from './binding-rules.ts';
import type { KubernetesRule } from './check.ts';
import { confinementRules } from './confinement-rules.ts';
import { containerRules } from './container-rules.ts';
import { escalationRules } from './escalation-rules.ts';
import { hostRules } from './host-rules.ts';
import { imageRules } from './image-rules.ts';
import { roleRules } from './role-rules.ts';
import { tokenRules } from './token-rules.ts';

/** All rules about Kubernetes objects. */
export const kubernetesRules: readonly KubernetesRule[] = [
  ...roleRules,
  ...escalationRules,
  ...bindingRules,
  ...awsRules,
  ...tokenRules,
  ...containerRules,
  ...confinementRules,
  ...hostRules,
  ...imageRules,
];

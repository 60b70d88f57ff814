import { bindingRules } from './binding-rules.ts';
import type { KubernetesRule } from './check.ts';
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
  ...tokenRules,
  ...containerRules,
  ...hostRules,
  ...imageRules,
];

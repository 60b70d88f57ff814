import type { CheckedRule } from '../model/check.ts';
import type { KubernetesObject } from './objects.ts';

/** A rule over one Kubernetes object. */
export interface KubernetesRule extends CheckedRule<KubernetesObject> {
  /** How a cluster can hold the rule at admission; without it, only the gate does. */
  admission?: Admission;
}

/** A rule in the words of the cluster: CEL, true where the rule is kept. */
export interface Admission {
  /** Which objects it is about. */
  of: 'pods' | 'roles' | 'bindings' | 'secrets' | 'volumes';
  /**
   * Over `object`; for pods over `variables.spec` (the pod's) and `variables.containers` (those of every kind).
   *
   * @param allowedRegistries as given; nothing is returned where the rule needs them and there are none
   */
  cel(allowedRegistries: readonly string[]): string | undefined;
}

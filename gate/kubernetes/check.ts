import type { CheckedRule } from '../model/check.ts';
import type { KubernetesObject } from './objects.ts';

/** A rule about one Kubernetes object. */
export interface KubernetesRule extends CheckedRule<KubernetesObject> {
  /** How a cluster enforces the rule at admission. Without it, only the gate enforces the rule. */
  admission?: Admission;
}

/** A rule as a CEL expression that is true if an object complies. */
export interface Admission {
  /** The objects that the rule applies to. */
  of: 'pods' | 'roles' | 'bindings' | 'secrets' | 'volumes';
  /**
   * Returns the expression over `object`. For pods, `variables.spec` is the pod's spec, `variables.annotations` are its
   * annotations, and `variables.containers` are its containers of every kind.
   *
   * @returns `undefined` if the rule needs allowed registries and there are none
   */
  cel(allowedRegistries: readonly string[]): string | undefined;
}

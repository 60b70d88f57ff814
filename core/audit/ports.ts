/** The policies and keys of a deployment. */
export interface Deployment {
  /** Hash of the policy bundle. */
  policyBundle: string;
  /** ARNs of the keys; the first one is the signing key. */
  keyArns: string[];
}

/** Stores the last known deployment. */
export interface Deployments {
  /** @returns the deployment and the number of its changes so far; `undefined` if none is stored */
  last(): Promise<(Deployment & { version: number }) | undefined>;
  /** Replaces the deployment with an optimistic lock. Does nothing if `version` is not current (0: none is stored). */
  replace(version: number, deployment: Deployment): Promise<void>;
}

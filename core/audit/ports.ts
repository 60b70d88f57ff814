/** What a deployment decides and signs by. */
export interface Deployment {
  /** The hash of its policy bundle. */
  policyBundle: string;
  /** The ARNs of its keys, the one that signs first. */
  keyArns: string[];
}

/** The deployment that was seen last. */
export interface Deployments {
  /** @returns `version` counts its changes; `undefined`: none was ever seen */
  last(): Promise<(Deployment & { version: number }) | undefined>;
  /** Notes another. @param version of the one that it takes the place of; 0: there is none. Otherwise nothing happens */
  replace(version: number, deployment: Deployment): Promise<void>;
}

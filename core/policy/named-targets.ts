import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { PolicyBundle } from './bundle.ts';
import { placeholdersIn } from './roles.ts';

/** What a deployment names that tokens can be revoked by, by the member of a revocation's selector. */
export interface NamedTargets {
  /** The workloads that policies or `workloads.yaml` name. */
  subject: string[];
  /** The audiences that policies, `roles.yaml` or `resource_servers` name. */
  audience: string[];
  /** The locations that policies, `resources.yaml` or `roles.yaml` name. A subtree is named by its root. */
  resource: string[];
  policy: string[];
  policyBundle: string[];
}

/**
 * What a deployment names, as `named-targets.json` beside the code.
 *
 * @param audiences those of the configuration's `resource_servers`
 */
export function namedTargets(
  { hash, policies, workloads, resources, roles }: PolicyBundle,
  audiences: readonly string[],
): NamedTargets {
  const written = Object.values(policies);
  const granted = Object.values(roles);
  return {
    subject: distinct([...Object.keys(workloads), ...written.flatMap((policy) => policy.workloads)]),
    audience: distinct([
      ...audiences,
      ...written.flatMap((policy) => policy.audiences),
      ...granted.flatMap(({ audience }) => audience ?? []),
    ]),
    resource: distinct([
      ...written.flatMap(({ locations }) => locations),
      ...Object.entries(resources).flatMap(([place, { in: others }]) => [place, ...others]),
      ...granted
        .flatMap(({ authorizationDetails }) => authorizationDetails.flatMap(({ locations }) => locations))
        .flatMap((location) => fixedPart(location) ?? []),
    ]),
    policy: Object.keys(policies),
    policyBundle: [hash],
  };
}

/** The segments of a role's location before the first that the workload fills in; `undefined` if there are none. */
function fixedPart(location: string): string | undefined {
  const segments = (subtreeRoot(location) ?? location).split('/');
  const filled = segments.findIndex((segment) => placeholdersIn(segment).length > 0);
  return (filled < 0 ? segments : segments.slice(0, filled)).join('/') || undefined;
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}

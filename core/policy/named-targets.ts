import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { PolicyBundle } from './bundle.ts';
import { placeholdersIn } from './roles.ts';

/** Names in a deployment that a revocation can select tokens by, grouped by the property of the selector. */
export interface NamedTargets {
  /** Workloads in policies or `workloads.yaml`. */
  subject: string[];
  /** Audiences in policies, `roles.yaml` or `resource_servers`. */
  audience: string[];
  /** Locations in policies, `resources.yaml` or `roles.yaml`. A subtree is listed as its root. */
  resource: string[];
  policy: string[];
  policyBundle: string[];
}

/**
 * Collects the names in a deployment. They are deployed with the code as `named-targets.json`.
 *
 * @param audiences audiences of `resource_servers` in the configuration
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

/** The segments of a role's location before the first placeholder; `undefined` if there are none. */
function fixedPart(location: string): string | undefined {
  const segments = (subtreeRoot(location) ?? location).split('/');
  const filled = segments.findIndex((segment) => placeholdersIn(segment).length > 0);
  return (filled < 0 ? segments : segments.slice(0, filled)).join('/') || undefined;
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}

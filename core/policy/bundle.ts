import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import type { ClaimType } from '@tvm/contract/claims.ts';
import type { TrustEntries } from '../federation/trust-entry.ts';
import type { Attributes } from '../identity/attributes.ts';

/** The validated policies and their data, as deployed with the service. */
export interface PolicyBundle {
  /** SHA-256 of everything else, in hexadecimal. Identifies the bundle in tokens (shortened) and records. */
  hash: string;
  /** Policies by `@id`. */
  policies: Record<string, BundledPolicy>;
  /** Roles by name. */
  roles: Record<string, RoleDefinition>;
  /** Attributes of workloads, by subject. */
  workloads: Record<string, Attributes>;
  /** Definitions of resources, by location. They apply to all locations below unless a nearer one overrides them. */
  resources: Record<string, ResourceDefinition>;
  networks: Record<string, NetworkDefinition>;
  windows: Record<string, WindowDefinition>;
  /** The actions on locations that the schema declares, and what each counts as for lifetimes, ceiling and detectors. */
  actions: Record<string, 'read' | 'write'>;
  /** The trust entries of `trust.yaml`, by name. Absent if there are none. */
  trust?: TrustEntries;
  /** The types of the claims that policies may read, by name. Absent if the schema declares none. */
  claims?: Record<string, ClaimType>;
  /** The IANA time zone of `context.local`. */
  timeZone: string;
}

/** A policy and facts about it, so that nothing has to parse it again. */
export interface BundledPolicy {
  text: string;
  file: string;
  /** Line of its start in the file, from 1. */
  line: number;
  effect: 'permit' | 'forbid';
  /** Whether the policy is in `ceiling.cedar`, which limits all other policies. */
  ceiling: boolean;
  /** The subject of the workload that its scope names. Absent: any workload. */
  principal?: string;
  /** The trust entry that its scope names. Absent: any workload, also of AWS. */
  trust?: string;
  /** The entity that its scope names (`==` or `in`), for example `Resource::"orders-db"`. Absent: any entity. */
  resource?: string;
  /** Names of all attributes of principal, resource and context that it may read; `*` if they cannot be determined. */
  reads: string[];
  /** Locations that its scope or conditions name. */
  locations: string[];
  /** Workloads that its scope or conditions name. */
  workloads: string[];
  /** Audiences that its conditions compare with `context.audience`. */
  audiences: string[];
  /**
   * Workloads and resources that the policy names and whose ancestors or attributes it reads, for example
   * `Resource::"db/a" in resource`. Absent: none.
   */
  readsOf?: EntityName[];
  /** Locations that it looks for in the requested resource: `Resource::"db/a" in resource`. Absent: none. */
  soughtInResource?: string[];
  obligations: PolicyObligations;
}

export interface EntityName {
  type: 'Workload' | 'Resource';
  id: string;
}

/** Requirements for the tokens that a policy permits, from its annotations. */
export interface PolicyObligations {
  /** `@max_lifetime("5m")`, in seconds. */
  maxLifetime?: number;
  /** `@network("office")` */
  network?: string;
  /** `@window("nightly")` */
  window?: string;
  /** `@single_use` */
  singleUse?: true;
  /** `@require_reason` */
  requireReason?: true;
}

export interface RoleDefinition {
  description?: string;
  /** Default audience, for requests that name none. */
  audience?: string;
  /** Grants. Locations may contain placeholders such as `{subject.team}`. */
  authorizationDetails: AuthorizationDetail[];
}

export interface ResourceDefinition {
  attributes: Attributes;
  /** Additional parents besides the parent by name. */
  in: string[];
}

/** A named network, defined by the source addresses of requests. */
export interface NetworkDefinition {
  cidrs: string[];
  /** AWS region of the network. */
  region?: string;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/**
 * The times when a window is open: on weekdays between two times of day (minutes since midnight), or once between two
 * points in time (milliseconds since the epoch).
 */
export type WindowDefinition =
  | { kind: 'weekly'; timeZone: string; weekdays: Weekday[]; from: number; to: number }
  | { kind: 'once'; from: number; to: number };

/** Reports whether an action counts as a write: `write` itself, and what the schema annotates with `@counts("write")`. */
export function countsAsWrite({ actions }: Pick<PolicyBundle, 'actions'>, action: string): boolean {
  return Object.hasOwn(actions, action) && actions[action] === 'write';
}

/** Reports whether any policy of a bundle may read an attribute. */
export function isRead({ policies }: Pick<PolicyBundle, 'policies'>, attribute: string): boolean {
  return Object.values(policies).some(({ reads }) => reads.includes(attribute) || reads.includes('*'));
}

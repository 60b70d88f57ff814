import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';

/** Everything that decides, validated, as it is shipped with the code that decides by it. */
export interface PolicyBundle {
  /** SHA-256 of all the rest, in hexadecimal: names the bundle in tokens (shortened) and records. */
  hash: string;
  /** By `@id`. */
  policies: Record<string, BundledPolicy>;
  /** By name. */
  roles: Record<string, RoleDefinition>;
  /** Attributes of workloads, by ARN. */
  workloads: Record<string, Attributes>;
  /** What is said of resources, by location. It holds for everything below, where nothing nearer says otherwise. */
  resources: Record<string, ResourceDefinition>;
  networks: Record<string, NetworkDefinition>;
  windows: Record<string, WindowDefinition>;
  /** The IANA time zone of `context.local`. */
  timeZone: string;
}

/** A policy, and what is known of it without parsing it again. */
export interface BundledPolicy {
  text: string;
  file: string;
  /** Where it begins in its file, from 1. */
  line: number;
  effect: 'permit' | 'forbid';
  /** Whether it stands in `ceiling.cedar`, above all other policies. */
  ceiling: boolean;
  /** The one workload that its scope names; absent: any. */
  principal?: string;
  /** The one entity that its scope names, as `Resource::"orders-db"`, with all in it or alone; absent: any. */
  resource?: string;
  /** The names of all attributes it may read of principal, resource and context; `*` when that cannot be told. */
  reads: string[];
  /** Every location that it names, in its scope or its conditions. */
  locations: string[];
  /** Every workload that it names, likewise. */
  workloads: string[];
  /** Every audience that its conditions compare with. */
  audiences: string[];
  /**
   * The workloads and resources that it names and whose ancestors or attributes it reads, as in
   * `Resource::"db/a" in resource`; absent: none.
   */
  readsOf?: EntityName[];
  /** The locations that it looks for in the requested resource, `Resource::"db/a" in resource`; absent: none. */
  soughtInResource?: string[];
  obligations: PolicyObligations;
}

export interface EntityName {
  type: 'Workload' | 'Resource';
  id: string;
}

/** What a policy asks of tokens it permits, by annotation. */
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

/** Attributes that an operator gives to a workload or a resource. */
export type Attributes = Record<string, string | number | boolean | string[]>;

export interface RoleDefinition {
  description?: string;
  /** The resource server of its tokens, when the request names none. */
  audience?: string;
  /** Locations may have parts such as `{subject.team}`. */
  authorizationDetails: AuthorizationDetail[];
}

export interface ResourceDefinition {
  attributes: Attributes;
  /** Locations that it is in besides those above it in its name. */
  in: string[];
}

/** A named network: a request is from it by its source address. */
export interface NetworkDefinition {
  cidrs: string[];
  /** The AWS region it is in. */
  region?: string;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When a window is open: on weekdays between two times of day, or once between two moments. */
export type WindowDefinition =
  | { kind: 'weekly'; timeZone: string; weekdays: Weekday[]; from: number; to: number }
  | { kind: 'once'; from: number; to: number };

/** Whether any policy of a bundle may read an attribute. */
export function isRead({ policies }: Pick<PolicyBundle, 'policies'>, attribute: string): boolean {
  return Object.values(policies).some(({ reads }) => reads.includes(attribute) || reads.includes('*'));
}

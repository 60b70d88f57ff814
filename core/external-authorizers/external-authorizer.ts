import { DependencyFault } from '../ports.ts';

/**
 * One item that Cedar allowed, with all data for external authorizers. Rego policies receive this object as `input`;
 * authzen.ts maps it to an AuthZEN request.
 */
export interface AuthorizerRequest {
  subject: {
    /** ARN of the workload's role (without path and session) or user, or the subject of a federated workload. */
    id: string;
    /**
     * Verified attributes: `account`, `kind`, `name`, those from `workloads.yaml`, and the `claims` of a federated workload.
     * The caller cannot choose any of them.
     */
    properties: Readonly<Record<string, unknown>>;
  };
  /** An action on a location, or `assume`. */
  action: string;
  resource: {
    /** The requested location, where `…/*` is a subtree. For `assume`, the name of the role. */
    id: string;
    /** Attributes from `resources.yaml`. */
    properties: Readonly<Record<string, unknown>>;
  };
  context: {
    audience: string;
    /** Lifetime of the token in seconds. */
    lifetime: number;
    /** Current time in UTC, always in the format `2026-01-31T08:15:00.000Z`. */
    time: string;
    /** IPv4 or IPv6 address. */
    sourceIp: string;
    /** The requested fields. Absent: all fields. */
    fields?: readonly string[];
    /** Free text from the caller. Never allow a request because of the reason. */
    reason?: string;
  };
}

/** An authorizer that must allow a request in addition to Cedar. */
export interface ExternalAuthorizer {
  /** Name in the configuration. */
  readonly name: string;
  /**
   * @returns one decision per request, in order; any value other than `true` denies
   * @throws if the authorizer cannot decide
   */
  allows(requests: readonly AuthorizerRequest[]): Promise<boolean[]>;
}

/** The requests that one external authorizer denied. */
export interface Refusal {
  /** Name of the external authorizer. */
  condition: string;
  refused: AuthorizerRequest[];
}

/**
 * Sends all requests to all external authorizers, concurrently.
 *
 * @returns the external authorizers that denied a request, in order; empty if all of them allow everything
 * @throws DependencyFault with the name of an external authorizer that failed; the caller must then deny everything
 */
export async function refusedBy(
  authorizers: readonly ExternalAuthorizer[],
  requests: readonly AuthorizerRequest[],
): Promise<Refusal[]> {
  const refusals = await Promise.all(
    authorizers.map(async (authorizer) => {
      const decisions = await decisionsOf(authorizer, requests);
      // Compare with `true` despite the type, because the values come from external systems.
      return { condition: authorizer.name, refused: requests.filter((_, index) => decisions[index] !== true) };
    }),
  );
  return refusals.filter(({ refused }) => refused.length > 0);
}

async function decisionsOf(authorizer: ExternalAuthorizer, requests: readonly AuthorizerRequest[]): Promise<boolean[]> {
  try {
    const decisions = await authorizer.allows(requests);
    if (decisions.length !== requests.length)
      throw new Error(`returned ${decisions.length} decisions for ${requests.length} requests`);
    return decisions;
  } catch (cause) {
    throw new DependencyFault(`condition ${authorizer.name}`, cause);
  }
}

import type { Obligations } from '@tvm/contract/token.ts';
import type { BundledPolicy, PolicyObligations } from './bundle.ts';

/** The combined requirements of several policies for a token. */
export interface Conditions {
  /** Maximum lifetime of the token in seconds. */
  maxLifetime?: number;
  /** Whether the request must contain a reason. */
  requireReason: boolean;
  /** Obligations that the resource server must enforce, as a claim of the token. Absent if there are none. */
  obligations?: Obligations;
}

/**
 * Combines the requirements of policies: the shortest lifetime, all networks, all windows. So an additional policy
 * never weakens the requirements.
 */
export function strictest(all: Iterable<PolicyObligations>): Conditions {
  let maxLifetime: number | undefined;
  let requireReason = false;
  let singleUse = false;
  const networks = new Set<string>();
  const windows = new Set<string>();
  for (const one of all) {
    if (one.maxLifetime !== undefined) maxLifetime = Math.min(maxLifetime ?? one.maxLifetime, one.maxLifetime);
    if (one.network !== undefined) networks.add(one.network);
    if (one.window !== undefined) windows.add(one.window);
    singleUse ||= one.singleUse === true;
    requireReason ||= one.requireReason === true;
  }
  const obligations: Obligations = {
    ...(networks.size > 0 && { networks: [...networks].sort() }),
    ...(windows.size > 0 && { windows: [...windows].sort() }),
    ...(singleUse && { single_use: true }),
  };
  return {
    requireReason,
    ...(maxLifetime !== undefined && { maxLifetime }),
    ...(Object.keys(obligations).length > 0 && { obligations }),
  };
}

/** Parsers of the annotations that add requirements. */
const PARSERS: Record<string, (value: string, names: KnownNames) => PolicyObligations | string> = {
  max_lifetime: (value, { seconds }) => {
    const maxLifetime = seconds(value);
    return maxLifetime === undefined ? 'must be a duration, as in @max_lifetime("5m")' : { maxLifetime };
  },
  network: (value, { networks }) =>
    networks.has(value) ? { network: value } : `names a network that is not in networks.yaml: "${value}"`,
  window: (value, { windows }) =>
    windows.has(value) ? { window: value } : `names a window that is not in windows.yaml: "${value}"`,
  single_use: (value) => (value === '' ? { singleUse: true } : 'takes no value'),
  require_reason: (value) => (value === '' ? { requireReason: true } : 'takes no value'),
};

/** Annotations that describe a policy and add no requirements. */
const NOTES = ['id', 'description'];

/** The names that an annotation may refer to. */
export interface KnownNames {
  networks: ReadonlySet<string>;
  windows: ReadonlySet<string>;
  /** Parses a duration; returns `undefined` if it is invalid. */
  seconds(text: string): number | undefined;
}

/**
 * Parses a policy's obligations.
 *
 * @param annotations the annotations as Cedar returns them; an annotation without a value is null
 * @returns the obligations, and a message for each invalid annotation
 */
export function readObligations(
  annotations: Record<string, string | null>,
  effect: BundledPolicy['effect'],
  names: KnownNames,
): { obligations: PolicyObligations; flaws: string[] } {
  const obligations: PolicyObligations = {};
  const flaws: string[] = [];
  for (const [name, value] of Object.entries(annotations)) {
    if (NOTES.includes(name)) continue;
    const read = Object.hasOwn(PARSERS, name) ? PARSERS[name] : undefined;
    if (read === undefined) {
      const known = [...NOTES, ...Object.keys(PARSERS)].map((known) => `@${known}`).join(', ');
      flaws.push(`@${name} is not a known annotation; known are ${known}`);
    } else if (effect === 'forbid') {
      flaws.push(`@${name} has no effect on a forbid policy; use it on a permit policy`);
    } else {
      const parsed = read(value ?? '', names);
      if (typeof parsed === 'string') flaws.push(`@${name} ${parsed}`);
      else Object.assign(obligations, parsed);
    }
  }
  return { obligations, flaws };
}

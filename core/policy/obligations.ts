import type { Obligations } from '@tvm/contract/token.ts';
import type { BundledPolicy, PolicyObligations } from './bundle.ts';

/** What several policies ask of a token together. */
export interface Conditions {
  /** The longest that the token may live, in seconds. */
  maxLifetime?: number;
  /** Whether the request must say why. */
  requireReason: boolean;
  /** What goes with the token, for whoever enforces it; absent when there is nothing. */
  obligations?: Obligations;
}

/**
 * The strictest of what policies ask: the shortest lifetime, all networks, all windows. So one more policy never makes it
 * looser.
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

/** The annotations that a policy may have, besides those that say what it is. */
const READERS: Record<string, (value: string, names: KnownNames) => PolicyObligations | string> = {
  max_lifetime: (value, { seconds }) => {
    const maxLifetime = seconds(value);
    return maxLifetime === undefined ? 'must be a duration, as in @max_lifetime("5m")' : { maxLifetime };
  },
  network: (value, { networks }) =>
    networks.has(value) ? { network: value } : `names a network that networks.yaml does not have: "${value}"`,
  window: (value, { windows }) =>
    windows.has(value) ? { window: value } : `names a window that windows.yaml does not have: "${value}"`,
  single_use: (value) => (value === '' ? { singleUse: true } : 'takes no value'),
  require_reason: (value) => (value === '' ? { requireReason: true } : 'takes no value'),
};

/** Annotations that say what a policy is, and ask for nothing. */
const NOTES = ['id', 'description'];

/** What an annotation may refer to. */
export interface KnownNames {
  networks: ReadonlySet<string>;
  windows: ReadonlySet<string>;
  /** Reads a duration; `undefined` when it is none. */
  seconds(text: string): number | undefined;
}

/**
 * Reads a policy's obligations.
 *
 * @param annotations as Cedar states them: an annotation without a value has null
 * @returns what it asks for, and a sentence for each annotation that cannot stand
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
    const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    if (read === undefined) {
      const known = [...NOTES, ...Object.keys(READERS)].map((known) => `@${known}`).join(', ');
      flaws.push(`@${name} is not an annotation of this machine: it knows ${known}`);
    } else if (effect === 'forbid') {
      flaws.push(`@${name} has no effect on a forbid: what is forbidden is not vended`);
    } else {
      const asked = read(value ?? '', names);
      if (typeof asked === 'string') flaws.push(`@${name} ${asked}`);
      else Object.assign(obligations, asked);
    }
  }
  return { obligations, flaws };
}

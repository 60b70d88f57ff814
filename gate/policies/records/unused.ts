import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import { isFilledIn } from '../location-template.ts';
import type { RecordLine } from './read-records.ts';

/** A grant that no issued token used. */
export interface UnusedGrant {
  /** The `@id` of a permit, or a pair of a role. */
  grant: { policy: string; file: string; line: number } | { role: string; action: string; location: string };
  /** When a token was last issued with the grant. Absent if no record has one. */
  lastUsed?: string;
}

/** Collects, from records, the grants that issued tokens used. */
export interface UseOfGrants {
  add(record: Extract<RecordLine, { kind: 'issued' }>): void;
  /** Returns the grants unused since a time. @param since milliseconds since the epoch */
  unusedSince(since: number): UnusedGrant[];
  /** Returns the time of the earliest record, or `undefined` if there are no records. */
  earliest(): string | undefined;
}

export function useOfGrants(bundle: PolicyBundle): UseOfGrants {
  const ofPolicy = new Map<string, string>();
  const ofPair = new Map<string, string>();
  let earliest: string | undefined;
  const note = (map: Map<string, string>, key: string, time: string) => {
    const known = map.get(key);
    if (known === undefined || Date.parse(known) < Date.parse(time)) map.set(key, time);
  };
  return {
    add({ detail: { policies, role, authorizationDetails, time } }) {
      if (earliest === undefined || Date.parse(time) < Date.parse(earliest)) earliest = time;
      for (const id of policies) note(ofPolicy, id, time);
      const definition = role !== undefined && Object.hasOwn(bundle.roles, role) ? bundle.roles[role] : undefined;
      if (role === undefined || definition === undefined) return;
      for (const { locations, actions } of authorizationDetails) {
        for (const { location, action } of pairsOf(definition)) {
          const used = actions.includes(action) && locations.some((recorded) => isFilledIn(recorded, location));
          if (used) note(ofPair, keyOf(role, action, location), time);
        }
      }
    },
    unusedSince(since) {
      const isUnused = (time: string | undefined) => time === undefined || Date.parse(time) < since;
      const used = (time: string | undefined) => (time === undefined ? {} : { lastUsed: time });
      const permits = Object.entries(bundle.policies)
        .filter(([id, { effect }]) => effect === 'permit' && isUnused(ofPolicy.get(id)))
        .map(([id, { file, line }]) => ({ grant: { policy: id, file, line }, ...used(ofPolicy.get(id)) }));
      const pairs = Object.entries(bundle.roles).flatMap(([role, definition]) =>
        pairsOf(definition).flatMap(({ action, location }) => {
          const time = ofPair.get(keyOf(role, action, location));
          return isUnused(time) ? [{ grant: { role, action, location }, ...used(time) }] : [];
        }),
      );
      return [...permits, ...pairs];
    },
    earliest: () => earliest,
  };
}

function pairsOf({ authorizationDetails }: PolicyBundle['roles'][string]) {
  return authorizationDetails.flatMap(({ locations, actions }) =>
    locations.flatMap((location) => actions.map((action) => ({ location, action }))),
  );
}

function keyOf(role: string, action: string, location: string): string {
  return `${role}\n${action}\n${location}`;
}

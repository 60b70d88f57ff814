import { distance } from 'fastest-levenshtein';

/**
 * Finds the known name that is most similar to a misspelled name, for a "did you mean".
 *
 * The comparison ignores case. A name is similar if at most a third of its last segment differs, if only the segments
 * before the last one differ, or if the misspelled name lacks the last words of the known name (`client` for
 * `client_id`).
 *
 * @returns the name, or `undefined` if no name is similar enough
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  const lastOfWanted = lastSegment(wanted);
  const maxDistance = Math.min(lastOfWanted.length - 1, Math.max(2, Math.floor(lastOfWanted.length / 3)));
  let best: { name: string; far: number } | undefined;
  for (const one of known) {
    const other = one.toLowerCase();
    const far = other.startsWith(`${wanted}_`) ? 1 : distance(wanted, other);
    if (far > maxDistance && lastSegment(other) !== lastOfWanted) continue;
    if (best === undefined || far < best.far) best = { name: one, far };
  }
  return best?.name;
}

/** The last segment of a name: `orders-service` for `arn:aws:iam::111122223333:role/orders-service`. */
function lastSegment(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf(':')) + 1);
}

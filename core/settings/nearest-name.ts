import { distance } from 'fastest-levenshtein';

/**
 * The known name that a misspelt one most resembles, for a "did you mean".
 *
 * Upper and lower case count as equal. A name is close enough if at most a third of its last segment differs, if only
 * what stands before the last segment differs, or if it lacks the last words, as `client` of `client_id` does.
 *
 * @returns `undefined` if no name is close enough
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  const lastOfWanted = lastSegment(wanted);
  const most = Math.min(lastOfWanted.length - 1, Math.max(2, Math.floor(lastOfWanted.length / 3)));
  let best: { name: string; far: number } | undefined;
  for (const one of known) {
    const other = one.toLowerCase();
    const far = other.startsWith(`${wanted}_`) ? 1 : distance(wanted, other);
    if (far > most && lastSegment(other) !== lastOfWanted) continue;
    if (best === undefined || far < best.far) best = { name: one, far };
  }
  return best?.name;
}

/** `orders-service` of an ARN such as `arn:aws:iam::111122223333:role/orders-service`. */
function lastSegment(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf(':')) + 1);
}

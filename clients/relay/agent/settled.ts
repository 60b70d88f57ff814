/** What is asked of a token to know whether its start is over. */
interface Starting {
  /** It was fetched and written once, or that failed. */
  wasTried(): boolean;
  /** The token whose absence keeps it from being fetched. */
  waitsFor(): string | undefined;
}

/**
 * Whether each token was tried once. One that waits for another counts as tried as soon as that other was, and is still
 * not there: it may wait for long.
 */
export function areAllTried(tokens: ReadonlyMap<string, Starting>, isThere: (name: string) => boolean): boolean {
  const isOver = (name: string, seen: readonly string[]): boolean => {
    const token = tokens.get(name);
    if (token === undefined || token.wasTried() || seen.includes(name)) return true;
    const other = token.waitsFor();
    return other !== undefined && !isThere(other) && isOver(other, [...seen, name]);
  };
  return [...tokens.keys()].every((name) => isOver(name, []));
}

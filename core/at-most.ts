/**
 * Maps as many items at the same time as may be, and no more.
 *
 * @param most how many at the same time
 * @returns the results in the order of the items; it throws what the first to throw threw
 */
export async function mapAtMost<Item, Result>(
  most: number,
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  // One iterator for all: each takes the next item that nobody has.
  const left = items.entries();
  const work = async () => {
    for (const [index, item] of left) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}

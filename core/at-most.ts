/**
 * Maps items concurrently, with a limit on the number of calls in flight.
 *
 * @param most the maximum number of concurrent calls of `map`
 * @returns the results, in the order of the items
 * @throws the first error that `map` throws
 */
export async function mapAtMost<Item, Result>(
  most: number,
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  // All workers share one iterator, so each item is taken by one worker.
  const left = items.entries();
  const work = async () => {
    for (const [index, item] of left) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}

/** Calls under way at the same time when many objects are asked for one by one. */
const AT_ONCE = 8;

/** The results of `work` in the order of the items; a few are under way at a time, and the first failure ends it. */
export async function concurrently<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

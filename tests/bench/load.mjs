/**
 * Does `task` `count` times, at most `concurrency` at once.
 *
 * Starts nothing new after `stopAt` (a `performance.now()` time), so a slow
 * server shortens the scenario instead of stretching the bench. A task that
 * throws is counted by its message and does not stop the others.
 *
 * @param {{ count: number, concurrency: number, stopAt: number }} limits
 * @param {(index: number) => Promise<void>} task
 * @returns {Promise<{ done: number, errors: Record<string, number>, seconds: number }>}
 */
export async function load({ count, concurrency, stopAt }, task) {
  const startedAt = performance.now();
  /** @type {Record<string, number>} */
  const errors = {};
  let next = 0;
  let done = 0;

  const lane = async () => {
    while (next < count && performance.now() < stopAt) {
      const index = next;
      next += 1;
      try {
        await task(index);
        done += 1;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        errors[message] = (errors[message] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane));

  const notStarted = count - next;
  if (notStarted > 0) errors["not started: the scenario ran out of time"] = notStarted;
  return { done, errors, seconds: (performance.now() - startedAt) / 1000 };
}

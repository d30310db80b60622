import { setMaxListeners } from "node:events";
import { openClient } from "./http-client.mjs";
import { percentile } from "./stats.mjs";

/** How long open requests may still take when a scenario's time is up. */
const GRACE_SECONDS = 30;

/**
 * What one round of one scenario says about one server.
 * @typedef {Record<string, number | null>} Metrics metric name to value
 */

/**
 * Runs a scenario once against a server, within a bounded time.
 * @param {import("./targets/server-process.mjs").Target} target
 * @param {import("./scenarios/scenario.mjs").Scenario} scenario
 * @returns {Promise<{ metrics: Metrics, errors: Record<string, number> }>}
 */
export async function measure(target, scenario) {
  const tooLate = new AbortController();
  // Every open request listens to it, and a scenario may hold a thousand open.
  setMaxListeners(0, tooLate.signal);
  const client = openClient(target.baseUrl, tooLate.signal);
  const limit = setTimeout(
    () => tooLate.abort(new Error("the scenario ran out of time")),
    (scenario.seconds * 2 + GRACE_SECONDS) * 1000,
  );

  try {
    const prepared = await scenario.prepare?.(client);
    const cpuBefore = target.cpuMs();
    const measured = await scenario.run(client, performance.now() + scenario.seconds * 1000, prepared);
    return { metrics: toMetrics(measured, cpuBefore, target.cpuMs()), errors: measured.errors };
  } catch (error) {
    // A scenario that cannot even be set up is a result too: the others still run.
    const message = error instanceof Error ? error.message : String(error);
    return { metrics: { errors: 1 }, errors: { [message]: 1 } };
  } finally {
    clearTimeout(limit);
    await client.close();
  }
}

/**
 * @param {import("./scenarios/scenario.mjs").Measured} measured
 * @param {number | null} cpuBefore
 * @param {number | null} cpuAfter
 * @returns {Metrics}
 */
function toMetrics({ done, errors, seconds, series }, cpuBefore, cpuAfter) {
  /** @type {Metrics} */
  const metrics = {};
  for (const [name, samples] of Object.entries(series)) {
    metrics[`${name} p50 ms`] = percentile(samples, 0.5);
    metrics[`${name} p95 ms`] = percentile(samples, 0.95);
  }
  if (seconds !== null) metrics["per second"] = done / seconds;
  metrics["CPU ms each"] = cpuBefore === null || cpuAfter === null || done === 0 ? null : (cpuAfter - cpuBefore) / done;
  metrics.errors = Object.values(errors).reduce((sum, count) => sum + count, 0);
  return metrics;
}

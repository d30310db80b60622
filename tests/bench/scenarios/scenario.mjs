/**
 * One thing to measure. `prepare` is not measured and hands its result to `run`.
 *
 * @typedef {object} Scenario
 * @property {string} name what `--only` picks by
 * @property {string} title
 * @property {number} seconds no new requests are started after this time
 * @property {(client: import("../http-client.mjs").Client) => Promise<any>} [prepare]
 * @property {(client: import("../http-client.mjs").Client, stopAt: number, prepared: any) => Promise<Measured>} run
 */

/**
 * What one round of a scenario measured.
 *
 * @typedef {object} Measured
 * @property {number} done how many requests got the right answer
 * @property {Record<string, number>} errors message to count
 * @property {number | null} seconds from the first request to the last answer; null where a rate makes no sense
 * @property {Record<string, number[]>} series name to samples, in milliseconds
 */

/** The count a scenario uses: the full one, or a small one for `--quick`. */
/** @typedef {{ quick: boolean }} Size */

/**
 * Throws unless the answer is the one expected. A fast wrong answer must not look like speed.
 * @param {boolean} right @param {string} what
 */
export function expectAnswer(right, what) {
  if (!right) throw new Error(`wrong answer: ${what}`);
}

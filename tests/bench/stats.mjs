/**
 * The value below which `share` (0 to 1) of the samples lie; nearest rank, so it is always a real sample.
 * @param {readonly number[]} samples
 * @param {number} share
 * @returns {number | null} null without samples
 */
export function percentile(samples, share) {
  if (samples.length === 0) return null;
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/**
 * The middle of what the rounds measured. Rounds that could not measure are left out.
 * @param {readonly (number | null)[]} values
 * @returns {number | null}
 */
export function median(values) {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  if (known.length === 0) return null;
  const middle = Math.floor(known.length / 2);
  const upper = known[middle] ?? 0;
  return known.length % 2 === 1 ? upper : ((known[middle - 1] ?? 0) + upper) / 2;
}

/**
 * @typedef {object} Memory
 * @property {string} role
 * @property {number} pid
 * @property {number} rss bytes
 * @property {number} heapUsed bytes, after garbage was collected
 * @property {number} external bytes
 */

/**
 * @typedef {object} Look
 * @property {number} runs how many were done by then
 * @property {Memory[]} processes
 */

/** What a heap may grow by from one end to the other: caches that fill, code that is compiled late. */
const LEEWAY_BYTES = 2 * 1024 * 1024;

/**
 * Compares, for each process, the mean heap of the last third of the looks with that of the second third: the first third
 * is for warming up.
 * @param {Look[]} looks
 */
export function verdictOf(looks) {
  return processesOf(looks).map(({ name, pid }) => {
    const heaps = looks.flatMap(({ processes }) =>
      processes.filter((one) => one.pid === pid).map((one) => one.heapUsed),
    );
    const third = Math.max(1, Math.floor(heaps.length / 3));
    const growth = mean(heaps.slice(-third)) - mean(heaps.slice(third, third * 2));
    return { name, growth, flat: !(growth > LEEWAY_BYTES) };
  });
}

/** @param {Look[]} looks @param {{ seconds: number }} facts */
export function markdownOfSoak(looks, { seconds }) {
  const columns = processesOf(looks);
  const rows = looks.map(({ runs, processes }) => {
    const cells = columns.map(({ pid }) => {
      const found = processes.find((one) => one.pid === pid);
      return found === undefined ? "" : `${megabytes(found.heapUsed)} / ${megabytes(found.rss)}`;
    });
    return `| ${[runs, ...cells].join(" | ")} |`;
  });
  return [
    "# Memory over many runs",
    "",
    `Heap after garbage collection / RSS, in MB. Written by \`node tests/bench/soak.mjs --record\`: a fifth each of stateless`,
    `waits, stateless streams, stateless background runs, resumable streams on threads and background runs on threads, 16 at`,
    `once, ${Math.round(seconds)} s in all. A process that was restarted would show as a new column.`,
    "",
    `| ${["runs", ...columns.map(({ name }) => name)].join(" | ")} |`,
    `| ${["---:", ...columns.map(() => "---:")].join(" | ")} |`,
    ...rows,
    "",
    ...verdictOf(looks).map(
      ({ name, growth, flat }) =>
        `- ${name}: ${flat ? "flat" : "GROWS"} (${megabytes(growth)} MB, last third against the second)`,
    ),
    "",
  ].join("\n");
}

/** @param {Look[]} looks */
function processesOf(looks) {
  /** @type {Map<number, string>} */
  const found = new Map();
  for (const { processes } of looks) for (const { pid, role } of processes) found.set(pid, role);
  /** @type {Map<string, number>} */
  const seen = new Map();
  return [...found].map(([pid, role]) => {
    const number = (seen.get(role) ?? 0) + 1;
    seen.set(role, number);
    return { pid, name: `${role} ${number}` };
  });
}

/** @param {number[]} numbers */
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** @param {number} bytes */
const megabytes = (bytes) => (bytes / 1024 / 1024).toFixed(1);

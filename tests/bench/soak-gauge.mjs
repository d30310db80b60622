/**
 * Loaded into every process of the fleet by `--import`: on SIGUSR2 it collects all garbage and writes down what is left.
 * A heap that was not collected says nothing about leaks.
 */
import { appendFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

const file = process.env.SOAK_FILE;
const role = /\/apps\/(api|worker|scheduler)\//.exec(process.argv[1] ?? "")?.[1];

if (isMainThread && file !== undefined && role !== undefined) {
  setFlagsFromString("--expose-gc");
  const gc = /** @type {() => void} */ (runInNewContext("gc"));
  /** @param {object} facts */
  const note = (facts) => appendFileSync(file, `${JSON.stringify({ role, pid: process.pid, ...facts })}\n`);

  process.on("SIGUSR2", () => {
    gc();
    // What finalizers let go of is collected by the second.
    setImmediate(() => {
      gc();
      const { rss, heapUsed, external } = process.memoryUsage();
      note({ rss, heapUsed, external });
    });
  });
  note({ started: true });
}

import { Worker } from "node:worker_threads";
import type { Analysis, AnalysisRequest } from "./analysis.js";

/**
 * Analyses in a thread of its own, so that nobody else waits.
 *
 * @throws Error when it fails, or takes longer than `timeoutMs`
 */
export function analyseInThread(request: AnalysisRequest, timeoutMs: number): Promise<Analysis> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL("./analysis-thread.js", import.meta.url), {
      workerData: request,
      name: "schemas",
    });
    const deadline = setTimeout(() => {
      reject(new Error(`it took longer than ${timeoutMs} ms`));
      void thread.terminate();
    }, timeoutMs);
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", () => {
      clearTimeout(deadline);
      reject(new Error("the thread ended without an answer"));
    });
    // An answer that nobody waits for any more must not keep the process alive.
    thread.unref();
  });
}

import { Worker } from "node:worker_threads";
import type { FromHeartbeat, OpenHeartbeat } from "./messages.js";
import { CLOSE, type HeartbeatThreadData } from "./thread-data.js";

/** A closing thread waits for its statement in flight; one that hangs is not waited for. */
const CLOSE_MS = 5000;

/** A heartbeat in a thread of its own, which no graph can block. */
export function openHeartbeatThread(data: HeartbeatThreadData): OpenHeartbeat {
  return ({ hear, died }) => {
    const thread = new Worker(new URL("./heartbeat-thread.js", import.meta.url), {
      workerData: data,
      name: "heartbeat",
    });
    let closing = false;
    let cause: Error | null = null;
    const exited = new Promise<void>((resolve) => {
      thread.once("exit", () => {
        if (!closing) died(new Error("the heartbeat stopped", { cause }));
        resolve();
      });
    });
    thread.on("error", (error: Error) => {
      cause = error;
    });
    thread.on("message", (message: FromHeartbeat) => hear(message));

    return {
      tell: (message) => thread.postMessage(message),
      async close() {
        closing = true;
        thread.postMessage(CLOSE);
        const deadline = setTimeout(() => void thread.terminate(), CLOSE_MS);
        await exited;
        clearTimeout(deadline);
      },
    };
  };
}

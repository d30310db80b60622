import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { openLeases } from "@graphfleet/postgres";
import { startHeartbeat } from "./start-heartbeat.js";
import type { HeartbeatPort, ToHeartbeat } from "./messages.js";
import { CLOSE, type HeartbeatThreadData } from "./thread-data.js";

// What runs in the heartbeat's thread: a connection of its own, and nothing that a graph could block.

const { database, redis, lease, service } = workerData as HeartbeatThreadData;
const workshop = parentPort;
if (workshop === null) throw new Error("The heartbeat is a thread of a worker");

// Renewals have a connection of their own; the other one is for the last words of a blocked process, and closes when idle.
// The database may go away while this thread starts: then leases are lost, and not the process.
const ledger = openLeases({
  ...database,
  poolMax: 1,
  // Leases do not outlast for long the connection that they were renewed through.
  onError: () => heartbeat.tell({ kind: "look" }),
});
const heartbeat: HeartbeatPort = startHeartbeat({
  runs: ledger.runs,
  lease,
  hear: (message) => workshop.postMessage(message),
  async announce(changes) {
    if (redis === null) return;
    // Loaded when it is needed: hardly ever.
    const { openLastWords } = await import("./last-words.js");
    await (await openLastWords(redis)).announce(changes);
  },
  kill(why) {
    // The standard streams of a thread go through the event loop that is blocked.
    writeSync(2, `${service}: ${why}; killing this process, another one takes its place\n`);
    process.kill(process.pid, "SIGKILL");
  },
});

workshop.on("message", (message: ToHeartbeat | typeof CLOSE) => {
  if (message === CLOSE) void close();
  else heartbeat.tell(message);
});

async function close(): Promise<void> {
  await heartbeat.close();
  await ledger.close();
  workshop?.close();
}

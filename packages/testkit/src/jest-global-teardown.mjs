import { rmSync } from "node:fs";

const KEY = Symbol.for("graphfleet.test-servers");

/** Stops what the setup started, the last first. One that does not stop is told, and does not keep the others. */
export default async function stopServers() {
  const running = globalThis[KEY];
  if (running === undefined) return;
  for (const { stop } of running.servers.toReversed()) {
    try {
      await stop();
    } catch (error) {
      process.stderr.write(`A test server did not stop: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  running.release();
  rmSync(running.folder, { recursive: true, force: true });
}

import { loadProject, mountPrefix } from "@graphfleet/runtime/project";
import { messageOf } from "@graphfleet/domain";
import { startOneProcess } from "../start/one-process.js";
import type { BrokenGraph, FromServer, ToServer } from "./messages.js";

// What `graphfleet dev` replaces at each save: loads the project, waits for its turn, serves until it is told to stop.

/** Resolves when it is on its way. */
const say = (message: FromServer): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });

let mayServe: () => void = () => undefined;
const turn = new Promise<void>((resolve) => {
  mayServe = resolve;
});
let stop: (() => Promise<void>) | null = null;

async function load({ options, databaseUri }: Extract<ToServer, { kind: "load" }>): Promise<void> {
  try {
    const project = await loadProject(options.configPath);
    stop = await startOneProcess({
      options,
      databaseUri,
      project,
      prefix: mountPrefix(project, process.env.MOUNT_PREFIX),
      env: process.env,
      // Whoever saves wants to see the new code; runs in flight go on in the next process.
      graceSeconds: 0,
      async beforeServing({ graphs, failures }) {
        const broken = failures.map(({ graphId, file, line, message }): BrokenGraph => ({
          graphId,
          file,
          line,
          message,
        }));
        await say({ kind: "loaded", graphs, broken });
        await turn;
      },
    });
    await say({ kind: "serving" });
  } catch (error) {
    await say({ kind: "problem", message: messageOf(error) });
    process.exit(1);
  }
}

async function end(): Promise<void> {
  await stop?.();
  process.exit(0);
}

process.on("message", (message: ToServer) => {
  if (message.kind === "load") void load(message);
  else mayServe();
});
process.on("SIGTERM", () => void end());
process.on("SIGINT", () => void end());
// The one who would stop us was killed.
process.on("disconnect", () => void end());

#!/usr/bin/env node
import { dirname, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "./commands.js";
import { makePaint } from "./shell/paint.js";
import { runCli } from "./shell/run-cli.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** npm runs scripts in the package's folder; paths that the user typed start where the user stood. */
const cwd = process.cwd() === ROOT ? (process.env.INIT_CWD ?? ROOT) : process.cwd();

/** Aborted by the first Ctrl-C or SIGTERM. One press may arrive twice, from the terminal and from npm; a later one means now. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let firstAt = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted && performance.now() - firstAt > 1000) process.exit(130);
      if (!stop.signal.aborted) firstAt = performance.now();
      stop.abort();
    });
  }
  return stop.signal;
}

// `graphfleet doctor | head`: who reads may leave first. What is said then is lost; the command and its exit code are not.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

/** What a module of the project opened when it was loaded, such as a pool, must not keep a command that is done. */
async function leave(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => void stream.write("", () => resolve()));
  process.exit(code);
}

let code = 1;
try {
  code = await runCli(process.argv.slice(2), COMMANDS, {
    env: process.env,
    cwd,
    root: ROOT,
    read: async () => (process.stdin.isTTY ? "" : await text(process.stdin)),
    write: (said) => void process.stdout.write(said),
    tell: (said) => void process.stderr.write(said),
    paint: makePaint(process.stdout.isTTY, process.env),
    // Commands that nobody has to stop in order end as the shell expects.
    stopping: stopSignal,
  });
} catch (error) {
  process.stderr.write(`\n${String((error as Error).stack ?? error)}\n`);
}
await leave(code);

#!/usr/bin/env node
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Problem } from "./problem.js";
import { start } from "./start/start-command.js";
import { START_HELP, startOptions } from "./start/start-options.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  const write = (text: string): void => void process.stdout.write(text);

  if (command !== "start" || rest.includes("--help") || rest.includes("-h")) {
    write(START_HELP);
    return command === "start" || command === "--help" || command === undefined ? 0 : 2;
  }
  const stopping = stopSignal();
  // npm runs scripts in the package's folder; paths that the user typed start where the user stood.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  return await start(startOptions(rest, process.env, cwd, ROOT), { env: process.env, write, stopping });
}

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

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(
    error instanceof Problem ? `\n${error.message}\n` : `\n${String((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
}

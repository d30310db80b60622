import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { BootError } from "./boot-error.mjs";
import { build } from "./build.mjs";
import { cleanEnv } from "./environment.mjs";
import { install } from "./install.mjs";
import { Progress } from "./progress.mjs";
import { runAttached } from "./run.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const COMMANDS = {
  start: { script: "packages/cli/dist/main.js", nodeArgs: [], args: ["start"] },
  // bin/graphfleet: works where the user stands, and what it answers may be piped.
  cli: { script: "packages/cli/dist/main.js", nodeArgs: [], args: [], isOfUser: true },
  // Jest loads ES modules only with this flag; its warning would stand in front of every test file.
  test: {
    script: "node_modules/jest/bin/jest.js",
    nodeArgs: ["--experimental-vm-modules", "--no-warnings=ExperimentalWarning"],
    args: ["--no-watchman"],
  },
  bench: { script: "tests/bench/run.mjs", nodeArgs: [], args: [] },
  // Built only for those who run it.
  chaos: { script: "tests/chaos/dist/main.js", nodeArgs: [], args: [], projects: ["tests/chaos"] },
};

/** Installs and builds what has changed, then hands over to the command; its exit code becomes ours. */
export async function main(argv) {
  try {
    process.exitCode = await boot(argv);
  } catch (error) {
    console.error(error instanceof BootError ? error.message : error);
    process.exitCode = 1;
  }
}

async function boot([name = "", ...args]) {
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new BootError(`Usage: node scripts/boot.mjs ${Object.keys(COMMANDS).join("|")} [arguments]`);
  }
  const command = COMMANDS[name];
  const env = cleanEnv(process.env);

  const progress = new Progress(2, command.isOfUser ? process.stderr : process.stdout);
  await progress.step("installing packages", () => install(ROOT, env));
  await progress.step("building", () => build(ROOT, env, command.projects));

  const script = join(ROOT, command.script);
  if (!existsSync(script))
    throw new BootError(`${command.script} is missing from this clone: restore it with git and try again.`);
  return runAttached(process.execPath, [...command.nodeArgs, script, ...command.args, ...args], {
    cwd: command.isOfUser ? process.cwd() : ROOT,
    env,
  });
}

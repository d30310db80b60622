import { closestName } from "@graphfleet/runtime/project";
import { Problem, UsageError } from "../problem.js";
import { VERSION } from "../version.js";
import type { Command, Io } from "./command.js";
import { helpOf, helpOfAll } from "./help.js";
import { readInput } from "./read-input.js";

/**
 * Finds the command, reads its options and runs it.
 *
 * @returns the exit code: 0 = done, 1 = something has to be mended, 2 = typed wrong
 * @throws what nobody expected
 */
export async function runCli(args: readonly string[], commands: readonly Command[], io: Io): Promise<number> {
  try {
    return await dispatch(args, commands, io);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    io.tell(`\n${error.message}\n`);
    return error.exitCode;
  }
}

async function dispatch([name, ...args]: readonly string[], commands: readonly Command[], io: Io): Promise<number> {
  switch (name) {
    case undefined:
      io.tell(helpOfAll(commands));
      return 2;
    case "--help":
    case "-h":
    case "help":
      return help(args[0], commands, io);
    case "--version":
    case "-v":
      io.write(`${VERSION}\n`);
      return 0;
    default: {
      const command = find(name, commands);
      if (asksForHelp(command, args)) return help(name, commands, io);
      return await command.run(readInput(command, args), io);
    }
  }
}

function help(name: string | undefined, commands: readonly Command[], io: Io): number {
  io.write(name === undefined ? helpOfAll(commands) : helpOf(find(name, commands)));
  return 0;
}

function find(name: string, commands: readonly Command[]): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  if (name === "deploy") {
    throw new UsageError(
      "deploy belongs to a hosted product. Here you build an image (graphfleet build) and run it where you like; see docs/quickstart.md.",
    );
  }
  const names = commands.map((one) => one.name);
  const meant = closestName(name, names);
  const hint = meant === null ? `There are ${names.join(", ")}.` : `Did you mean ${meant}?`;
  throw new UsageError(`graphfleet has no command "${name}". ${hint}`);
}

/** `-h` is help, except where it is the host. What follows `--` is not ours. */
function asksForHelp({ flags }: Command, args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const ours = end < 0 ? args : args.slice(0, end);
  const isHost = Object.values(flags).some(({ short }) => short === "h");
  return ours.includes("--help") || (!isHost && ours.includes("-h"));
}

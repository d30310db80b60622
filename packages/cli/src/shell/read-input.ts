import { parseArgs } from "node:util";
import { closestName } from "@graphfleet/runtime/project";
import { UsageError } from "../problem.js";
import type { Command, Input } from "./command.js";

/**
 * Reads what was typed behind a command's name.
 *
 * @throws UsageError for an option that is unknown (with the one that was meant), lacks its value or got one too many, and
 *   for operands that the command does not take.
 */
export function readInput(
  command: Pick<Command, "name" | "flags" | "operands" | "maxOperands" | "takesRest">,
  args: readonly string[],
): Input {
  const { name, flags } = command;
  const wrong = (text: string): UsageError => new UsageError(`${text}\nSee: graphfleet ${name} --help`);

  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(flags).map(([flag, { type, short }]) => [flag, short === undefined ? { type } : { type, short }]),
    ),
    strict: false,
    tokens: true,
  });

  const strings: Record<string, string> = {};
  const switches = new Set<string>();
  const positionals: string[] = [];
  const rest: string[] = [];
  let isRest = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") {
      isRest = true;
    } else if (token.kind === "positional") {
      if (isRest && command.takesRest === true) rest.push(token.value);
      else positionals.push(token.value);
    } else {
      const flag = flags[token.name];
      if (flag === undefined || !Object.hasOwn(flags, token.name)) throw wrong(unknownOption(token.rawName, flags));
      if (flag.type === "boolean") {
        if (token.value !== undefined) throw wrong(`${token.rawName} takes no value, got "${token.value}".`);
        switches.add(token.name);
      } else {
        if (token.value === undefined) throw wrong(`${token.rawName} needs a value.`);
        strings[token.name] = token.value;
      }
    }
  }
  const extra = positionals[command.maxOperands ?? 0];
  if (extra !== undefined) throw wrong(`graphfleet ${name} does not know what to do with "${extra}".`);
  return { strings, switches, positionals, rest };
}

function unknownOption(rawName: string, flags: Command["flags"]): string {
  const meant = rawName.startsWith("--") ? closestName(rawName.slice(2), Object.keys(flags)) : null;
  return `The option ${rawName} is unknown.${meant === null ? "" : ` Did you mean --${meant}?`}`;
}

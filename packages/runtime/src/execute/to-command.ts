import { isObject, type Json, type RunCommand } from "@graphfleet/domain";
import { Command, Send } from "@langchain/langgraph";

/** A command in the library's form. */
export function toCommand({ update, resume, goto }: RunCommand): Command {
  return new Command({
    ...(isAbsent(update) ? {} : { update: update as Record<string, unknown> | [string, unknown][] }),
    ...(isAbsent(resume) ? {} : { resume }),
    ...(isAbsent(goto) ? {} : { goto: (Array.isArray(goto) ? goto : [goto]).map(toDestination) }),
  });
}

const isAbsent = (value: Json | undefined): value is null | undefined => value === null || value === undefined;

/** A node by name, or a node with an input of its own. */
function toDestination(goto: Json): string | Send {
  if (isObject(goto) && typeof goto["node"] === "string") return new Send(goto["node"], goto["input"] ?? null);
  return typeof goto === "string" ? goto : JSON.stringify(goto);
}

import { isObject, type Json, type RunCommand } from "@graphfleet/domain";
import type { Command, Send } from "@langchain/langgraph";
import type { GraphLibrary } from "../project/graph-library.js";

type Makers = Pick<GraphLibrary, "Command" | "Send">;

/** A command in the form of the graph's own library. */
export function toCommand({ update, resume, goto }: RunCommand, library: Makers): Command {
  return new library.Command({
    ...(isAbsent(update) ? {} : { update: update as Record<string, unknown> | [string, unknown][] }),
    ...(isAbsent(resume) ? {} : { resume }),
    ...(isAbsent(goto)
      ? {}
      : { goto: (Array.isArray(goto) ? goto : [goto]).map((one: Json) => toDestination(one, library)) }),
  });
}

const isAbsent = (value: Json | undefined): value is null | undefined => value === null || value === undefined;

/** A node by name, or a node with an input of its own. */
function toDestination(goto: Json, { Send }: Makers): string | Send {
  if (isObject(goto) && typeof goto["node"] === "string") return new Send(goto["node"], goto["input"] ?? null);
  return typeof goto === "string" ? goto : JSON.stringify(goto);
}

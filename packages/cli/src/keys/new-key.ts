import { createHash, randomBytes } from "node:crypto";
import { UsageError } from "../problem.js";
import type { Input, Io } from "../shell/command.js";

/** `graphfleet keys <name>`: a new API key, and what the server has to know of it. It is shown once and kept nowhere. */
export async function newKey({ positionals, switches }: Input, io: Io): Promise<number> {
  const [name] = positionals;
  if (name === undefined || !/^[\w.-]+$/.test(name)) {
    throw new UsageError(
      "Name whoever will use the key: letters, digits, dots, dashes. For example: graphfleet keys ci",
    );
  }
  const key = `gf_${randomBytes(32).toString("base64url")}`;
  const entry = `${name}:${createHash("sha256").update(key).digest("hex")}`;
  if (switches.has("json")) {
    io.write(`${JSON.stringify({ name, key, entry })}\n`);
    return 0;
  }
  io.write(`The key, for ${name} alone; it is not shown again:

  ${io.paint.bold(key)}

Add its digest to GRAPHFLEET_API_KEYS of every API process, after a comma where there are others:

  ${entry}

Clients send it as X-Api-Key, which the SDKs do with LANGGRAPH_API_KEY. To replace a key, add a new one under the same
name, and remove the old entry when nobody uses it any more.
`);
  return 0;
}

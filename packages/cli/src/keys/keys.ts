import { createHash, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { Problem, UsageError } from "../problem.js";
import type { Input, Io } from "../shell/command.js";
import { appendEntry, entriesIn, readEntries, removeEntry } from "./key-file.js";

/** `graphfleet keys new|hash|list|remove`: API keys for projects without auth of their own. */
export async function keys(input: Input, io: Io): Promise<number> {
  const [action, operand, ...more] = input.positionals;
  if (more.length > 0) throw new UsageError(`graphfleet keys ${action} does not know what to do with "${more[0]}".`);
  switch (action) {
    case "new":
      return await newKey(nameIn(action, operand), input, io);
    case "hash":
      return await hashKey(nameIn(action, operand), input, io);
    case "list":
      return await listKeys(input, io);
    case "remove":
      return await removeKey(operand, input, io);
    default:
      throw new UsageError("Say what to do: graphfleet keys new <name>, hash <name>, list, or remove <digest>.");
  }
}

/** A new key, and what the server has to know of it. It is shown once and kept nowhere. */
async function newKey(name: string, { strings, switches }: Input, io: Io): Promise<number> {
  const key = `gf_${randomBytes(32).toString("base64url")}`;
  const entry = entryOf(name, key);
  const file = fileIn(strings, io);
  if (file !== null) await appendEntry(file, entry);
  if (switches.has("json")) {
    io.write(`${JSON.stringify({ name, key, entry })}\n`);
    return 0;
  }
  const where =
    file === null
      ? `Add its digest to GRAPHFLEET_API_KEYS of every API process, after a comma where there are others, or as a line to the
file that GRAPHFLEET_API_KEYS_FILE names:

  ${entry}`
      : `Its digest is in ${file}; servers with that GRAPHFLEET_API_KEYS_FILE take it within seconds.`;
  io.write(`The key, for ${name} alone; it is not shown again:

  ${io.paint.bold(key)}

${where}

Clients send it as X-Api-Key, which the SDKs do with LANGGRAPH_API_KEY. To replace a key, add a new one under the same
name, and remove the old entry when nobody uses it any more.
`);
  return 0;
}

/** The entry of a key that is there already; it comes from standard input, so that no history of commands has it. */
async function hashKey(name: string, { strings, switches }: Input, io: Io): Promise<number> {
  const key = (await io.read()).replace(/\r?\n$/, "");
  if (key === "")
    throw new UsageError(`The key comes from standard input: printf %s "$KEY" | graphfleet keys hash ${name}`);
  const entry = entryOf(name, key);
  const file = fileIn(strings, io);
  if (file !== null) await appendEntry(file, entry);
  io.write(switches.has("json") ? `${JSON.stringify({ name, entry })}\n` : `${entry}\n`);
  return 0;
}

/** Who has keys: names, and how the digests begin. */
async function listKeys({ strings, switches }: Input, io: Io): Promise<number> {
  const file = fileIn(strings, io);
  const text = file === null ? (io.env.GRAPHFLEET_API_KEYS ?? "") : await readEntries(file);
  const found = entriesIn(text).map(({ name, digest }) => ({ name, digest: digest.slice(0, 12) }));
  if (switches.has("json")) io.write(`${JSON.stringify(found)}\n`);
  else if (found.length === 0) io.tell("There are no keys.\n");
  else io.write(found.map(({ name, digest }) => `${digest}  ${name}\n`).join(""));
  return 0;
}

async function removeKey(digest: string | undefined, { strings }: Input, io: Io): Promise<number> {
  const file = fileIn(strings, io);
  if (digest === undefined || !/^[\da-f]{6,64}$/i.test(digest))
    throw new UsageError("Name the key by the beginning of its digest, as graphfleet keys list shows it.");
  if (file === null) throw new Problem("Name the file: --file, or GRAPHFLEET_API_KEYS_FILE.");
  const { name } = await removeEntry(file, digest.toLowerCase());
  io.write(`A key of ${name} was removed; servers refuse it within seconds.\n`);
  return 0;
}

function fileIn(strings: Input["strings"], io: Io): string | null {
  const named = strings.file ?? io.env.GRAPHFLEET_API_KEYS_FILE ?? "";
  return named === "" ? null : resolve(io.cwd, named);
}

function nameIn(action: string, name: string | undefined): string {
  if (name !== undefined && /^[\w.-]+$/.test(name)) return name;
  throw new UsageError(
    `Name whoever will use the key: letters, digits, dots, dashes. For example: graphfleet keys ${action} ci`,
  );
}

const entryOf = (name: string, key: string): string => `${name}:${createHash("sha256").update(key).digest("hex")}`;

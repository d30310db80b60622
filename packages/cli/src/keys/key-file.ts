import { chmod, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { parseApiKeys } from "@graphfleet/api";
import { Problem } from "../problem.js";

export interface KeyEntry {
  readonly name: string;
  readonly digest: string;
}

/** @throws Problem that names the entry which is none. */
export function entriesIn(text: string): readonly KeyEntry[] {
  try {
    return [...parseApiKeys(text)].map(([digest, name]) => ({ name, digest }));
  } catch (error) {
    throw new Problem((error as Error).message, { cause: error });
  }
}

/** What the file holds; nothing when it is not there. @throws Problem when it cannot be read. */
export async function readEntries(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw new Problem(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws Problem when the file holds something else than keys, or cannot be written. */
export async function appendEntry(file: string, entry: string): Promise<void> {
  const text = await readEntries(file);
  entriesIn(text);
  await replace(file, `${text.trim() === "" ? "" : `${text.trimEnd()}\n`}${entry}\n`);
}

/** Removes the one entry whose digest begins like this. @throws Problem when there is none, or more than one. */
export async function removeEntry(file: string, digest: string): Promise<KeyEntry> {
  const text = await readEntries(file);
  const [found, another] = entriesIn(text).filter((entry) => entry.digest.startsWith(digest));
  if (found === undefined) throw new Problem(`${file} has no key whose digest begins with ${digest}.`);
  if (another !== undefined) throw new Problem(`${file} has several keys whose digests begin with ${digest}.`);
  const rest = text.split("\n").map((line) => withoutKey(line, found.digest));
  await replace(file, rest.filter((line) => line !== null).join("\n"));
  return found;
}

/** The line without that key, with its other keys and its remark; null when nothing is left of it. */
function withoutKey(line: string, digest: string): string | null {
  if (!line.toLowerCase().includes(digest)) return line;
  const [entries = "", ...remarks] = line.split("#");
  const left = entries.split(",").filter((entry) => !entry.toLowerCase().includes(digest));
  const kept = [left.join(",").trim(), ...remarks].join(" #").trim();
  return kept === "" || kept.startsWith("#") ? null : kept;
}

/** In one step, because servers may read it at any time. A new file is its owner's alone. */
async function replace(file: string, text: string): Promise<void> {
  try {
    const target = await realpath(file).catch(() => file);
    const mode = await stat(target).then(
      (found) => found.mode & 0o777,
      () => 0o600,
    );
    await writeFile(`${target}.new`, text, { mode: 0o600 });
    await chmod(`${target}.new`, mode);
    await rename(`${target}.new`, target);
  } catch (error) {
    throw new Problem(`${file} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

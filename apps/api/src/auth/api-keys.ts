import { readFile } from "node:fs/promises";
import { every } from "@graphfleet/chassis";
import type { Log } from "@graphfleet/domain";
import { messageOf } from "@graphfleet/domain";

/** API keys for teams without auth of their own. Whoever has one may do everything, under its name. */
export interface ApiKeys {
  /** By the SHA-256 of a key, in lower case hex; undefined for what is no key. */
  nameOf(digest: string): string | undefined;
  stop(): Promise<void>;
}

export interface ApiKeysParts {
  /** Entries as `parseApiKeys` reads them: what the file held at the start, if there is one. */
  readonly text: string;
  /** Read again and again, so that keys come and go without a restart. */
  readonly file: string | undefined;
  readonly log: Log;
  /** Milliseconds between two looks at the file. */
  readonly everyMs?: number;
}

const LOOK_EVERY_MS = 2000;

/**
 * The keys of this server; null when it uses none. A file that is empty still means that keys are needed: nobody has one.
 * One that cannot be read or understood changes nothing, and is told of once.
 *
 * @throws Error that names the entry which is none.
 */
export function openApiKeys({ text, file, log, everyMs = LOOK_EVERY_MS }: ApiKeysParts): ApiKeys | null {
  let names = parseApiKeys(text);
  if (file === undefined)
    return names.size === 0 ? null : { nameOf: (digest) => names.get(digest), stop: async () => {} };

  let [held, problem] = [text, ""];
  const look = async (): Promise<void> => {
    try {
      const now = await readFile(file, "utf8");
      if (now.trim() !== held.trim()) {
        names = parseApiKeys(now);
        held = now;
        log.info({ keys: names.size, names: [...new Set(names.values())] }, "the API keys were changed");
      }
      problem = "";
    } catch (error) {
      const said = messageOf(error);
      if (said !== problem)
        log.error({ err: error, file }, "the file of API keys cannot be used; the keys stay as they were");
      problem = said;
    }
  };
  const looking = every({ name: "api keys", everyMs, once: look, log });
  return { nameOf: (digest) => names.get(digest), stop: () => looking.stop() };
}

/**
 * Reads names and the SHA-256 of their keys, `ci:<64 hex digits>`, separated by commas or lines; what follows a `#` is a
 * remark. A name may have several keys, so that a new one works before the old one goes.
 *
 * @returns names by digest
 * @throws Error that names the entry, but not what it holds.
 */
export function parseApiKeys(text: string): ReadonlyMap<string, string> {
  const entries = text
    .replaceAll(/#.*/g, "")
    .split(/[,\n]/)
    .filter((entry) => entry.trim() !== "");
  return new Map(
    entries.map((entry, index) => {
      const [, name, digest] = /^\s*([\w.-]+):([\da-f]{64})\s*$/i.exec(entry) ?? [];
      if (name === undefined || digest === undefined)
        throw new Error(
          `GRAPHFLEET_API_KEYS: entry ${index + 1} must be a name, a colon and the SHA-256 of a key in 64 hex digits`,
        );
      return [digest.toLowerCase(), name];
    }),
  );
}

interface Level {
  /** Null in a list. */
  readonly keys: Set<string> | null;
  /** The member that stands here now. */
  at: string;
  expectsKey: boolean;
}

/** Texts whole, so that signs inside of them are none. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/gs;

/**
 * The keys that stand more than once in an object, by their place (`graphs.agent`). `JSON.parse` keeps the last of them and
 * says nothing.
 *
 * @param json valid JSON
 */
export function duplicateKeys(json: string): string[] {
  const found = new Set<string>();
  const open: Level[] = [];
  for (const [token] of json.matchAll(TOKEN)) {
    const level = open.at(-1);
    if (token === "{") open.push({ keys: new Set(), at: "", expectsKey: true });
    else if (token === "[") open.push({ keys: null, at: "0", expectsKey: false });
    else if (token === "}" || token === "]") open.pop();
    else if (level === undefined) continue;
    else if (token === ",") {
      level.expectsKey = level.keys !== null;
      if (level.keys === null) level.at = String(Number(level.at) + 1);
    } else if (level.expectsKey && level.keys !== null) {
      level.at = JSON.parse(token) as string;
      level.expectsKey = false;
      if (level.keys.has(level.at)) found.add(open.map(({ at }) => at).join("."));
      level.keys.add(level.at);
    }
  }
  return [...found];
}

/*
 * A connection string may name several hosts, as libpq's may: `postgresql://user@a:5432,b:5432/db`. node-postgres knows
 * one. So the string is taken apart here, and the pool goes from host to host when it connects.
 */

/** Which of several servers will do. `primary` asks the same as `read-write`. */
export type SessionAttrs = "any" | "read-write" | "primary";

const ATTRS = new Set<string>(["any", "read-write", "primary"] satisfies readonly SessionAttrs[]);

/** `scheme://`, `user:password@` or nothing, hosts up to the path, and the rest. */
const PARTS = /^(postgres(?:ql)?:\/\/)((?:[^@/?]*@)?)([^/?]*)(.*)$/i;

/** The servers that a connection string names, and which one is in use. */
export class Hosts {
  /** A connection string per host, in the order given. */
  readonly uris: readonly string[];
  readonly attrs: SessionAttrs;
  #at = 0;

  /** @throws TypeError when the string asks for something that is not supported. The message shows no password. */
  constructor(uri: string) {
    const parts = PARTS.exec(uri);
    if (parts === null) {
      // A socket's path, or what pg will refuse by itself.
      this.uris = [uri];
      this.attrs = "any";
      return;
    }
    const [, scheme = "", account = "", hosts = "", rest = ""] = parts;
    const [path, query] = split(rest, "?");
    const params = new URLSearchParams(query);
    const attrs = params.get("target_session_attrs") ?? "any";
    if (!ATTRS.has(attrs)) throw new TypeError(`target_session_attrs=${attrs} is not supported; use any or read-write`);
    params.delete("target_session_attrs");
    // As everybody else reads `sslmode`, from psql to Python: `require` encrypts, `verify-full` checks who answers.
    if (params.has("sslmode") && !params.has("uselibpqcompat")) params.set("uselibpqcompat", "true");

    const tail = params.size === 0 ? path : `${path}?${params.toString().replaceAll("+", "%20")}`;
    this.uris = hosts.split(",").map((host) => `${scheme}${account}${host}${tail}`);
    this.attrs = attrs as SessionAttrs;
  }

  /** Where to connect next. */
  get current(): string {
    return this.uris[this.#at] ?? "";
  }

  /** `uri` did not do: go on with the next one, unless somebody else has gone on already. */
  moveOn(uri: string): void {
    if (uri === this.current) this.#at = (this.#at + 1) % this.uris.length;
  }

  /** `uri` answers. */
  settleOn(uri: string): void {
    this.#at = Math.max(0, this.uris.indexOf(uri));
  }
}

function split(text: string, at: string): readonly [string, string] {
  const index = text.indexOf(at);
  return index === -1 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}

import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { canEnter, type Account } from "./account.js";
import { EmbeddedError } from "./embedded-error.js";
import { freePort, isPortFree } from "./free-port.js";
import { birthOf } from "./processes.js";

/**
 * The folder of one server: its data, and three small files of ours.
 *
 * `password` is made once. `port` remembers the last port, so that a restart keeps the address. `launcher` names the
 * process that started the server: while that process lives the folder is in use; once it is dead, a server that
 * still runs is an orphan and may be adopted.
 */
export class ServerFolder {
  readonly path: string;
  readonly account: Account | null;

  constructor(path: string, account: Account | null) {
    this.path = path;
    this.account = account;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Makes the folder, readable by nobody but the server's user. Missing parents become enterable by everyone. */
  create(): void {
    const firstMade = mkdirSync(this.path, { recursive: true });
    if (this.account !== null && firstMade !== undefined) openParents(dirname(this.path), firstMade);
    try {
      accessSync(this.path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const uid = lstatSync(this.path).uid;
      throw new EmbeddedError(
        `The folder ${this.path} belongs to another user (uid ${uid}): start as that user, or choose another folder with GRAPHFLEET_DATA_DIR.`,
        { cause: error },
      );
    }
    this.#give(this.path);
    chmodSync(this.path, 0o700);
  }

  read(name: string): string | null {
    try {
      return readFileSync(this.file(name), "utf8").trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), `${text}\n`, { mode: 0o600 });
    this.#give(this.file(name));
  }

  password(): string {
    const known = this.read("password");
    if (known !== null) return known;
    const made = randomBytes(24).toString("hex");
    this.write("password", made);
    return made;
  }

  /** The port asked for; else the one used last time when it is free; else a free one. */
  async choosePort(asked: number | undefined): Promise<number> {
    if (asked !== undefined) {
      if (await isPortFree(asked)) return asked;
      throw new EmbeddedError(
        `Port ${asked} on 127.0.0.1 is already in use: stop what listens there, or choose another port.`,
      );
    }
    const last = Number(this.read("port") ?? 0);
    return last > 0 && (await isPortFree(last)) ? last : freePort();
  }

  /**
   * Takes the folder for this process; returns what gives it back.
   *
   * Two launchers that clear away the same dead holder in the same millisecond could both get through; the servers'
   * own lock files still keep the data safe then.
   */
  take(): () => void {
    const holder = this.read("launcher");
    if (holder !== null) {
      const [pid, birth] = splitOnce(holder);
      if (birthOf(Number(pid)) === birth) throw this.#inUse(pid);
      rmSync(this.file("launcher"), { force: true });
    }
    try {
      writeFileSync(this.file("launcher"), `${process.pid} ${birthOf(process.pid) ?? ""}\n`, {
        mode: 0o600,
        flag: "wx",
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw this.#inUse("just started");
      throw error;
    }
    this.#give(this.file("launcher"));
    return () => rmSync(this.file("launcher"), { force: true });
  }

  #inUse(pid: string): EmbeddedError {
    return new EmbeddedError(
      `The folder ${this.path} is in use by a running Graphfleet (process ${pid}): stop that one, or choose another folder with GRAPHFLEET_DATA_DIR.`,
    );
  }

  #give(path: string): void {
    if (this.account !== null) chownSync(path, this.account.uid, this.account.gid);
  }
}

/** Where a folder really goes: as asked, or, when the server's user could not get there, a place of our own. */
export function reachablePath(asked: string, account: Account | null): string {
  const path = resolve(asked);
  if (account === null || canEnter(nearestExisting(dirname(path)), account)) return path;
  const name = createHash("sha256").update(path).digest("hex").slice(0, 12);
  return join(sharedPlace(account), `data-${name}`);
}

/**
 * A folder of root's that every user can enter, for what must not lie under somebody's closed home.
 * It is refused when another user made it first, because programs are run from there.
 */
export function sharedPlace(account: Account): string {
  for (const parent of ["/var/lib", tmpdir()]) {
    if (!canEnter(parent, account)) continue;
    const place = join(parent, "graphfleet");
    try {
      mkdirSync(place, { recursive: true });
      const made = lstatSync(place);
      if (!made.isDirectory() || made.uid !== 0) continue;
      chmodSync(place, 0o755);
      return place;
    } catch {
      // Read-only or not ours: the next one may do.
    }
  }
  throw new EmbeddedError(
    `Neither /var/lib nor ${tmpdir()} can hold a folder that the database user can enter: set GRAPHFLEET_DATA_DIR to such a folder, or set DATABASE_URI.`,
  );
}

/** Whatever the umask made of them. */
function openParents(dir: string, firstMade: string): void {
  if (dir.length < firstMade.length) return;
  chmodSync(dir, 0o755);
  openParents(dirname(dir), firstMade);
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(" ");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}

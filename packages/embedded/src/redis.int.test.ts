import { readFileSync, statSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";

import { isRoot, Launcher, makeStandaloneCopy, NOBODY, openTempDir, removeTempDir } from "../test/standalone-copy.js";
import { freePort } from "./free-port.js";
import { isAlive, waitUntilGone } from "./processes.js";
import { findRedis } from "./redis-program.js";
import { startRedis, type RedisOptions, type RunningRedis } from "./redis.js";

const temp = openTempDir();
const cacheDir = join(temp, "cache");
const reasons: string[] = [];
const program = await findRedis({ cacheDir, log: (line) => reasons.push(line) });
const servers: RunningRedis[] = [];
let made = 0;

const newDir = () => join(temp, `data ${made++}`);

async function start(options: Partial<RedisOptions> & { dataDir: string }): Promise<RunningRedis> {
  const server = await startRedis({ cacheDir, ephemeral: true, ...options });
  if (server === null) throw new Error("findRedis found a Redis and startRedis did not");
  servers.push(server);
  return server;
}

/** Sends one command after the password of the URI, or after the one given; resolves to the last line of the answer. */
function send(uri: string, command: string, password = new URL(uri).password): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const socket = connect(Number(new URL(uri).port), "127.0.0.1");
    socket.on("data", (chunk) => (heard += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => resolve(heard.trim().split("\r\n").slice(0, -1).at(-1) ?? ""));
    socket.end(`AUTH ${password}\r\n${command}\r\nQUIT\r\n`);
  });
}

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  removeTempDir(temp);
});

if (program === null) {
  test("says why this machine has no Redis", async () => {
    process.stderr.write(`SKIPPED: the tests of the private Redis. ${reasons.at(-1)}\n`);

    expect(await startRedis({ dataDir: newDir(), cacheDir })).toBeNull();
    expect(reasons.at(-1)).toMatch(/^No Redis: /);
  });
} else {
  describe("findRedis", () => {
    test("finds the same program again without looking for it", async () => {
      const said: string[] = [];

      expect(await findRedis({ cacheDir, log: (line) => said.push(line) })).toEqual(program);
      expect(said).toEqual([]);
    });
  });

  describe("startRedis", () => {
    test("keeps data, address and password over a restart", async () => {
      const dataDir = newDir();
      const first = await start({ dataDir, ephemeral: false });
      await send(first.uri, "SET word still-here");
      await first.stop();

      const second = await start({ dataDir, ephemeral: false });

      expect(await send(second.uri, "GET word")).toBe("still-here");
      expect(second.uri).toBe(first.uri);
      expect(second.adopted).toBe(false);
    });

    test("never evicts, and asks for its password", async () => {
      const { uri } = await start({ dataDir: newDir() });

      expect(await send(uri, "CONFIG GET maxmemory-policy")).toBe("noeviction");
      expect(await send(uri, "PING", "guess")).toMatch(/NOAUTH/);
    });

    test("knows the scripts' libraries that BullMQ calls", async () => {
      const { uri } = await start({ dataDir: newDir() });

      expect(await send(uri, 'EVAL "return #cmsgpack.pack(cjson.decode(ARGV[1]))" 0 {}')).toMatch(/^:1$/);
    });

    test("keeps its password off the command line and from other users", async () => {
      const { uri, pid } = await start({ dataDir: join(temp, "private") });
      const { password } = new URL(uri);

      expect(statSync(join(temp, "private", "redis.conf")).mode & 0o077).toBe(0);
      expect(statSync(join(temp, "private")).mode & 0o077).toBe(0);
      if (process.platform === "linux") expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(password);
    });

    test("starts again after a kill -9", async () => {
      const dataDir = newDir();
      const first = await start({ dataDir, ephemeral: false });
      await send(first.uri, "SET word kept");
      process.kill(first.pid, "SIGKILL");
      await waitUntilGone(first.pid, 10_000);
      await first.stop();

      const second = await start({ dataDir, ephemeral: false });

      expect(await send(second.uri, "GET word")).toBe("kept");
    });

    test("refuses a folder that a living launcher uses", async () => {
      const dataDir = newDir();
      await start({ dataDir });

      await expect(startRedis({ dataDir, cacheDir })).rejects.toThrow(
        `The folder ${dataDir} is in use by a running Graphfleet (process ${process.pid})`,
      );
    });

    test("refuses a port that is taken, and moves away from one it only remembers", async () => {
      const dataDir = newDir();
      const first = await start({ dataDir });
      await first.stop();
      const other = await listenOn(first.port);

      await expect(startRedis({ dataDir, cacheDir, port: first.port })).rejects.toThrow(
        `Port ${first.port} on 127.0.0.1 is already in use`,
      );
      const second = await start({ dataDir });

      expect(second.port).not.toBe(first.port);
      await closed(other);
    });

    test("does not take a foreign server on its remembered port for its own", async () => {
      const dataDir = newDir();
      const first = await start({ dataDir });
      await first.stop();
      const foreign = await start({ dataDir: newDir(), port: first.port });

      const second = await start({ dataDir });

      expect(second.adopted).toBe(false);
      expect(second.port).not.toBe(foreign.port);
    });
  });

  describe("startRedis in a process of its own", () => {
    const copy = makeStandaloneCopy(join(temp, "copy"));

    test("takes over the server of a launcher that was killed", async () => {
      const dataDir = newDir();
      const launcher = new Launcher(copy, { start: "startRedis", dataDir, cacheDir, ephemeral: true });
      const orphan = await launcher.started;
      await send(orphan.uri, "SET word kept");
      await launcher.kill();

      const adopted = await start({ dataDir });

      expect(adopted).toMatchObject({ adopted: true, pid: orphan.pid, uri: orphan.uri });
      expect(await send(adopted.uri, "GET word")).toBe("kept");
      await adopted.stop();
      expect(isAlive(orphan.pid)).toBe(false);
    });

    test("replaces an orphan when another port is asked for", async () => {
      const dataDir = newDir();
      const launcher = new Launcher(copy, { start: "startRedis", dataDir, cacheDir, ephemeral: true });
      const orphan = await launcher.started;
      await launcher.kill();
      const port = await freePort();

      const next = await start({ dataDir, port });

      expect(next).toMatchObject({ adopted: false, port });
      expect(isAlive(orphan.pid)).toBe(false);
    });

    if (isRoot) {
      test("works for an ordinary user, and leaves the folder to them after a start as root", async () => {
        const dataDir = newDir();
        const options = { start: "startRedis", dataDir, cacheDir: join(temp, "their cache") };
        const theirs = new Launcher(copy, options, NOBODY);
        await theirs.started;
        await theirs.stop();
        const roots = await start({ dataDir, ephemeral: false });
        await send(roots.uri, "SET word kept");
        await roots.stop();

        const again = new Launcher(copy, options, NOBODY);

        expect(await send((await again.started).uri, "GET word")).toBe("kept");
        await again.stop();
      });
    }
  });
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

const closed = (server: Server) => new Promise((resolve) => server.close(resolve));

import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";

import pg from "pg";

import { isRoot, Launcher, makeStandaloneCopy, NOBODY, openTempDir, removeTempDir } from "../test/standalone-copy.js";
import { freePort } from "./free-port.js";
import { isAlive, waitUntilGone } from "./processes.js";
import { startPostgres, type PostgresOptions, type RunningPostgres } from "./postgres.js";

const temp = openTempDir();
const servers: RunningPostgres[] = [];
let made = 0;

const newDir = () => join(temp, `data ${made++}`);

async function start(options: Partial<PostgresOptions> & { dataDir: string }): Promise<RunningPostgres> {
  const server = await startPostgres({ ephemeral: true, ...options });
  servers.push(server);
  return server;
}

async function query(uri: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: uri });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  removeTempDir(temp);
});

describe("startPostgres", () => {
  test("keeps data, address and password over a restart", async () => {
    const dataDir = newDir();
    const first = await start({ dataDir, ephemeral: false });
    await query(first.uri, "create table kept as select 'still here' as word");
    await first.stop();

    const second = await start({ dataDir, ephemeral: false });

    expect(await query(second.uri, "select word from kept")).toEqual(["still here"]);
    expect(second.uri).toBe(first.uri);
    expect(second.adopted).toBe(false);
  });

  test("makes a UTF-8 database for two hundred sessions on loopback only", async () => {
    const { uri, port } = await start({ dataDir: newDir() });

    expect(await query(uri, "show server_encoding")).toEqual(["UTF8"]);
    expect(await query(uri, "show max_connections")).toEqual(["200"]);
    expect(await query(uri, "show listen_addresses")).toEqual(["127.0.0.1"]);
    expect(port).toBeLessThan(32_768);
  });

  test("lets nobody in without the password", async () => {
    const { uri } = await start({ dataDir: newDir() });

    await expect(query(uri.replace(/:[0-9a-f]+@/, ":guess@"), "select 1")).rejects.toThrow(/password authentication/);
  });

  test("recovers what was committed before a kill -9 of the server", async () => {
    const dataDir = newDir();
    const first = await start({ dataDir, ephemeral: false });
    await query(first.uri, "create table kept as select 1 as n");
    process.kill(first.pid, "SIGKILL");
    await waitUntilGone(first.pid, 10_000);
    await first.stop();

    const second = await start({ dataDir, ephemeral: false });

    expect(await query(second.uri, "select n from kept")).toEqual([1]);
  });

  test("starts although the pid of the killed server belongs to another process now", async () => {
    const dataDir = newDir();
    const first = await start({ dataDir });
    await first.stop();
    writeFileSync(join(first.dataDir, "data", "postmaster.pid"), `${process.pid}\n${dataDir}\n0\n${first.port}\n`);

    const second = await start({ dataDir });

    expect(await query(second.uri, "select 1")).toEqual([1]);
  });

  test("refuses a folder that a living launcher uses, and says which", async () => {
    const { dataDir } = await start({ dataDir: newDir() });

    await expect(startPostgres({ dataDir })).rejects.toThrow(
      `The folder ${dataDir} is in use by a running Graphfleet (process ${process.pid})`,
    );
  });

  test("refuses a port that is taken, and says which", async () => {
    const port = await freePort();
    const other = await listenOn(port);

    await expect(startPostgres({ dataDir: newDir(), port })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is already in use`,
    );
    await closed(other);
  });

  test("moves to another port when the last one was taken meanwhile", async () => {
    const dataDir = newDir();
    const first = await start({ dataDir });
    await first.stop();
    const other = await listenOn(first.port);

    const second = await start({ dataDir });

    expect(second.port).not.toBe(first.port);
    expect(await query(second.uri, "select 1")).toEqual([1]);
    await closed(other);
  });

  test("says in one sentence why a cluster cannot be opened", async () => {
    const dataDir = newDir();
    const first = await start({ dataDir });
    await first.stop();
    writeFileSync(join(first.dataDir, "data", "PG_VERSION"), "12\n");

    await expect(startPostgres({ dataDir })).rejects.toThrow(/is of Postgres 12 and the bundled one is 17/);
  });

  test("stops twice without complaint", async () => {
    const server = await start({ dataDir: newDir() });

    await Promise.all([server.stop(), server.stop()]);
    await server.stop();

    expect(isAlive(server.pid)).toBe(false);
  });
});

describe("startPostgres in a process of its own", () => {
  const copy = makeStandaloneCopy(join(temp, "copy"));

  test("takes over the server of a launcher that was killed", async () => {
    const dataDir = newDir();
    const launcher = new Launcher(copy, { start: "startPostgres", dataDir, ephemeral: true });
    const orphan = await launcher.started;
    await query(orphan.uri, "create table kept as select 1 as n");
    await launcher.kill();

    const adopted = await start({ dataDir });

    expect(adopted).toMatchObject({ adopted: true, pid: orphan.pid, uri: orphan.uri });
    expect(await query(adopted.uri, "select n from kept")).toEqual([1]);
    await adopted.stop();
    expect(isAlive(orphan.pid)).toBe(false);
  });

  test("leaves an orphan alone that does not take the folder's password, and says how to stop it", async () => {
    const dataDir = newDir();
    const launcher = new Launcher(copy, { start: "startPostgres", dataDir, ephemeral: true });
    const orphan = await launcher.started;
    await launcher.kill();
    const password = new URL(orphan.uri).password;
    writeFileSync(join(dataDir, "password"), "another\n");

    await expect(startPostgres({ dataDir })).rejects.toThrow(`stop it with \`kill -INT ${orphan.pid}\``);
    writeFileSync(join(dataDir, "password"), `${password}\n`);
    await (await start({ dataDir })).stop();
  });

  test("waits for an orphan that is shutting down, then starts", async () => {
    const dataDir = newDir();
    const launcher = new Launcher(copy, { start: "startPostgres", dataDir, ephemeral: true });
    const orphan = await launcher.started;
    await launcher.kill();
    process.kill(orphan.pid, "SIGINT");

    const next = await start({ dataDir });

    expect(await query(next.uri, "select 1")).toEqual([1]);
    await next.stop();
  });

  if (isRoot) {
    test("works for an ordinary user", async () => {
      const dataDir = newDir();
      const launcher = new Launcher(copy, { start: "startPostgres", dataDir, ephemeral: true }, NOBODY);
      const server = await launcher.started;

      expect(await query(server.uri, "select 1")).toEqual([1]);
      expect(statSync(dataDir).uid).toBe(NOBODY.uid);
      await launcher.stop();
      expect(isAlive(server.pid)).toBe(false);
    });

    test("leaves an ordinary user's folder to them after a start as root", async () => {
      const dataDir = newDir();
      const theirs = new Launcher(copy, { start: "startPostgres", dataDir, ephemeral: true }, NOBODY);
      await theirs.started;
      await theirs.stop();
      const roots = await start({ dataDir });
      await roots.stop();

      const again = new Launcher(copy, { start: "startPostgres", dataDir, ephemeral: true }, NOBODY);

      expect(await query((await again.started).uri, "select 1")).toEqual([1]);
      await again.stop();
    });

    test("tells an ordinary user that root's folder is not theirs", async () => {
      const { dataDir } = await start({ dataDir: newDir() });

      const launcher = new Launcher(copy, { start: "startPostgres", dataDir }, NOBODY);

      await expect(launcher.started).rejects.toThrow(`The folder ${dataDir} belongs to another user`);
    });

    test("works as root from a closed home, and says where the data went", async () => {
      const home = join(temp, "home");
      mkdirSync(home);
      makeStandaloneCopy(join(home, "copy"));
      chmodSync(home, 0o700);
      const launcher = new Launcher(join(home, "copy"), {
        start: "startPostgres",
        dataDir: join(home, "data"),
        ephemeral: true,
      });

      const server = await launcher.started;

      expect(server.dataDir).toMatch(/\/graphfleet\/data-[0-9a-f]{12}$/);
      expect(await query(server.uri, "select 1")).toEqual([1]);
      await launcher.stop();
      removeTempDir(server.dataDir ?? "");
    });
  }
});

async function listenOn(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

const closed = (server: Server) => new Promise((resolve) => server.close(resolve));

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type RunningPostgres, startPostgres } from "@graphfleet/embedded";
import { type FaultProxy, openFaultProxy } from "@graphfleet/testkit";
import pg from "pg";
import { eventually } from "./wait.js";

/**
 * Two Postgres servers: a primary, and a hot standby that every commit waits for. What a client was told of is on both, so a
 * primary that is killed loses nothing that was acknowledged.
 */
export class PostgresPair {
  /** Names both, as `DATABASE_URI` takes them. */
  readonly uri: string;
  readonly #primary: RunningPostgres;
  readonly #standby: RunningPostgres;
  /** The only way that clients have to the primary. */
  readonly #wire: FaultProxy;
  readonly #folder: string;

  private constructor(primary: RunningPostgres, standby: RunningPostgres, wire: FaultProxy, folder: string) {
    this.#primary = primary;
    this.#standby = standby;
    this.#wire = wire;
    this.#folder = folder;
    const { username, password, pathname } = new URL(primary.uri);
    const hosts = [wire, standby].map(({ uri }) => new URL(uri).host).join(",");
    this.uri = `postgresql://${username}:${password}@${hosts}${pathname}?target_session_attrs=read-write`;
  }

  static async start(): Promise<PostgresPair> {
    const folder = mkdtempSync(join(tmpdir(), "graphfleet-pair-"));
    // Root's Postgres runs as another user, who has to get in.
    chmodSync(folder, 0o711);
    const primary = await startPostgres({ dataDir: join(folder, "primary"), ephemeral: true });
    try {
      const dataDir = await copyOf(primary, join(folder, "standby"));
      const standby = await startPostgres({ dataDir, port: await freePort(), ephemeral: true });
      try {
        await waitForCommits(primary);
      } catch (error) {
        await standby.stop();
        throw error;
      }
      return new PostgresPair(primary, standby, await openFaultProxy(primary.uri), folder);
    } catch (error) {
      await primary.stop();
      throw error;
    }
  }

  /** `kill -9`; or its machine lost its power, and nobody is told. */
  losePrimary(how: "is killed" | "falls silent"): void {
    if (how === "is killed") process.kill(this.#primary.pid, "SIGKILL");
    else this.#wire.hang();
  }

  async promoteStandby(): Promise<void> {
    await asking(this.#standby, (client) => client.query("select pg_promote()"));
  }

  async stop(): Promise<void> {
    await this.#wire.close();
    await Promise.all([this.#primary.stop(), this.#standby.stop()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Makes a standby's folder out of a server that runs; there is no pg_basebackup among the private binaries. */
async function copyOf(primary: RunningPostgres, folder: string): Promise<string> {
  const [from, to] = [join(primary.dataDir, "data"), join(folder, "data")];
  const { uid, gid } = statSync(from);
  mkdirSync(folder, { mode: 0o700 });
  const label = await asking(primary, async (client) => {
    await client.query("select pg_backup_start('standby', true)");
    execFileSync("cp", ["-a", from, to]);
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    return rows[0]?.labelfile ?? "";
  });
  for (const leftover of ["postmaster.pid", "postmaster.opts"]) rmSync(join(to, leftover), { force: true });

  const { username, password } = new URL(primary.uri);
  const conninfo = `host=127.0.0.1 port=${primary.port} user=${username} password=${password}`;
  copyFileSync(join(primary.dataDir, "password"), join(folder, "password"));
  writeFileSync(join(to, "backup_label"), label);
  writeFileSync(join(to, "standby.signal"), "");
  writeFileSync(join(to, "postgresql.auto.conf"), `primary_conninfo = '${conninfo}'\n`);
  for (const file of ["", "password", ...["backup_label", "standby.signal"].map((name) => join("data", name))])
    chownSync(join(folder, file), uid, gid);
  return folder;
}

/** From now on commits return when the standby has them. */
async function waitForCommits(primary: RunningPostgres): Promise<void> {
  const { username } = new URL(primary.uri);
  await asking(primary, async (client) => {
    await eventually(
      () => client.query("select 1 from pg_stat_replication where state = 'streaming'"),
      ({ rowCount }) => rowCount === 1,
    );
    await client.query("alter system set synchronous_standby_names = '*'");
    // Wins over the option that makes private servers for tests fast.
    await client.query(`alter role ${username} set synchronous_commit = on`);
    await client.query("select pg_reload_conf()");
    await eventually(
      () => client.query("select 1 from pg_stat_replication where sync_state = 'sync'"),
      ({ rowCount }) => rowCount === 1,
    );
  });
}

async function asking<T>({ uri }: RunningPostgres, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: uri });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

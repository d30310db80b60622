import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort, openLedger, type RunningPostgres, startPostgres, type TestLedger } from "@graphfleet/testkit";
import { sql } from "kysely";
import pg from "pg";

import { type PostgresLedger, openPostgres } from "./database.js";

/** Beside the servers of every test, one of our own, whose settings may be changed. */
let folder: string;
let second: RunningPostgres;
let ledger: TestLedger;
let adminUri: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "graphfleet-second-"));
  second = await startPostgres({ dataDir: join(folder, "postgres"), ephemeral: true });
  ledger = await openLedger({ poolMax: 1 });
  // Its twin, with the same account and a database of the same name.
  const { username, password, pathname } = new URL(ledger.uri);
  adminUri = second.uri;
  await admin(`create database ${pathname.slice(1)}`);
  const role = decodeURIComponent(username);
  await admin(
    `do $$ begin if not exists (select from pg_roles where rolname = '${role}') then create role ${role}; end if; end $$`,
  );
  await admin(`alter role ${role} login superuser password '${decodeURIComponent(password)}'`);
  adminUri = uriOver([second.port]);
}, 60_000);
afterAll(async () => {
  await ledger.close();
  await second.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function admin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUri });
  await client.connect();
  await client.query(statement);
  await client.end();
}

/** What a hot standby looks like to a client. */
async function setReadOnly(readOnly: boolean): Promise<void> {
  await admin(`alter system set default_transaction_read_only = ${readOnly ? "on" : "off"}`);
  await admin("select pg_reload_conf()");
}

function uriOver(ports: readonly (number | string)[], query = ""): string {
  const { username, password, pathname } = new URL(ledger.uri);
  return `postgresql://${username}:${password}@${ports.map((port) => `127.0.0.1:${port}`).join(",")}${pathname}${query}`;
}

const open = (uri: string): Promise<PostgresLedger> => openPostgres({ uri, poolMax: 2, applicationName: "test" });

async function portOf(uri: string): Promise<number> {
  const other = await open(uri);
  try {
    const { rows } = await other.pool.query<{ port: number }>("select inet_server_port() as port");
    return rows[0]?.port ?? 0;
  } finally {
    await other.close();
  }
}

const firstPort = (): number => Number(new URL(ledger.uri).port);

test("goes past a host that refuses", async () => {
  expect(await portOf(uriOver([await freePort(), firstPort()]))).toBe(firstPort());
});

test("goes past a server that takes no writes, when they are asked for", async () => {
  await setReadOnly(true);
  const order = [second.port, firstPort()];

  expect(await portOf(uriOver(order, "?target_session_attrs=read-write"))).toBe(firstPort());
  expect(await portOf(uriOver(order))).toBe(second.port);
});

test("follows a failover: a server that becomes read-only is left", async () => {
  await setReadOnly(false);
  const other = await open(uriOver([second.port, firstPort()], "?target_session_attrs=read-write"));
  try {
    await sql`create table before_failover ()`.execute(other.db);
    await setReadOnly(true);

    // What runs on the old primary fails as an outage, and its connection goes.
    const write = () => sql`create table if not exists after_failover ()`.execute(other.db);
    await expect(write()).rejects.toMatchObject({ code: "unavailable" });
    await write();
    const { rows } = await other.pool.query<{ port: number }>("select inet_server_port() as port");
    expect(rows[0]?.port).toBe(firstPort());
  } finally {
    await other.close();
  }
});

test("is unavailable when no host will do", async () => {
  await setReadOnly(true);
  const opening = open(uriOver([second.port, await freePort()], "?target_session_attrs=read-write"));
  await expect(opening).rejects.toMatchObject({ code: "unavailable" });
});

const openssl = hasOpenssl();
const describeTls = openssl ? describe : describe.skip;
if (!openssl)
  process.stderr.write("SKIPPED: TLS to Postgres, because there is no openssl to make a certificate with\n");

describeTls("TLS", () => {
  let authority: string;
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), "graphfleet-tls-"));
    chmodSync(dir, 0o755);
    const [key, cert] = [join(dir, "server.key"), join(dir, "server.crt")];
    authority = cert;
    execFileSync(
      "openssl",
      `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${cert}`.split(
        " ",
      ),
      { stdio: "ignore" },
    );
    // Postgres reads a key only when it is its own.
    const { uid, gid } = statSync(join(second.dataDir, "data"));
    chownSync(key, uid, gid);
    chmodSync(key, 0o600);
    await setReadOnly(false);
    for (const [name, value] of Object.entries({ ssl_cert_file: cert, ssl_key_file: key, ssl: "on" })) {
      await admin(`alter system set ${name} = '${value}'`);
    }
    await admin("select pg_reload_conf()");
  });

  const encrypted = async (query: string): Promise<unknown> => {
    const other = await open(uriOver([second.port], query));
    try {
      const { rows } = await other.pool.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
      return rows[0]?.ssl;
    } finally {
      await other.close();
    }
  };

  test("is used with sslmode=require, whoever signed", async () => {
    expect(await encrypted("?sslmode=require")).toBe(true);
  });

  test("is checked with sslmode=verify-full", async () => {
    expect(readFileSync(authority, "utf8")).toContain("BEGIN CERTIFICATE");
    expect(await encrypted(`?sslmode=verify-full&sslrootcert=${authority}`)).toBe(true);
    await expect(encrypted("?sslmode=verify-full")).rejects.toMatchObject({ code: "unavailable" });
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

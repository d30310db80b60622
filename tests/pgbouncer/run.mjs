/**
 * Runs the tests of packages/postgres through a PgBouncer in transaction mode:
 *
 *   node tests/pgbouncer/run.mjs [test paths]      (build first)
 *
 * It takes `pgbouncer` from PATH, or the program that PGBOUNCER names. Beside it runs a private Postgres. The databases of
 * the tests are made directly; what is under test goes through the pooler, with few server connections per database,
 * so that transactions of one client really change connections. Tests of the way to the database itself are left out: there
 * it is the pooler that answers.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_TRIES = 100;

const program = process.env.PGBOUNCER ?? "pgbouncer";
if (spawnSync(program, ["--version"]).status !== 0) {
  console.error(`There is no ${program} here. Install PgBouncer, or name the program in PGBOUNCER.`);
  process.exit(1);
}

const { freePort, startPostgres } = await import("../../packages/embedded/dist/index.js");
const folder = mkdtempSync(join(tmpdir(), "graphfleet-pgbouncer-"));
chmodSync(folder, 0o711);
const postgres = await startPostgres({ dataDir: join(folder, "postgres"), ephemeral: true });
const { username, password, pathname } = new URL(postgres.uri);

const port = await freePort();
const ini = join(folder, "pgbouncer.ini");
writeFileSync(
  ini,
  `[databases]
* = host=127.0.0.1 port=${postgres.port} user=${username} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
`,
);
// It refuses to be root, as Postgres does; so it is who that is.
const { uid, gid } = statSync(join(postgres.dataDir, "data"));
chownSync(ini, uid, gid);
const pooler = spawn(program, ["-q", ini], {
  stdio: ["ignore", "ignore", "inherit"],
  ...(process.getuid?.() === 0 ? { uid, gid } : {}),
});

let code = 1;
try {
  await answering();
  const paths = process.argv.slice(2);
  const jest = ["--experimental-vm-modules", "--no-warnings=ExperimentalWarning", "node_modules/jest/bin/jest.js"];
  const tests = [
    // First, because jest takes what follows an option with a list for more of that list.
    ...(paths.length > 0 ? paths : ["packages/postgres/"]),
    "--selectProjects",
    "integration",
    "--no-watchman",
    "--testPathIgnorePatterns=(hosts|database|inspect|lease-sessions|vigil)[.]int",
  ];
  const pooled = `postgres://${username}@127.0.0.1:${port}${pathname}`;
  const env = { ...process.env, TEST_DATABASE_URI: postgres.uri, TEST_POOLER_URI: pooled };
  code = spawnSync(process.execPath, [...jest, ...tests], { cwd: ROOT, stdio: "inherit", env }).status ?? 1;
} finally {
  pooler.kill("SIGINT");
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = code;

async function answering() {
  for (let tries = 0; tries < READY_TRIES; tries += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error("PgBouncer does not listen");
}

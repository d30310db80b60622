import { migrate, schemaState } from "./migrate.js";
import { openPool } from "./pool.js";

// Entry point of the migrate job: `migrate-main.js` applies what is missing, `--status` only tells.

// As every other process of the fleet looks for it.
const { POSTGRES_URI_CUSTOM, DATABASE_URI, POSTGRES_URI } = process.env;
const uri = [POSTGRES_URI_CUSTOM, DATABASE_URI, POSTGRES_URI].find((one) => one !== undefined && one !== "");
if (uri === undefined) {
  console.error("DATABASE_URI is not set. It names the Postgres database to migrate.");
  process.exit(2);
}

const pool = openPool({
  uri,
  max: 2,
  applicationName: "graphfleet-migrate",
  statementTimeoutMs: 0,
  lockTimeoutMs: 0,
  idleInTransactionMs: 0,
  connectionTimeoutMs: 10_000,
  onError: (error) => console.error(error.message),
});

try {
  if (process.argv.includes("--status")) {
    const { applied, missing, unknown } = await schemaState(pool);
    for (const name of applied) console.log(`${unknown.includes(name) ? "unknown" : "applied"}  ${name}`);
    for (const name of missing) console.log(`missing  ${name}`);
  } else {
    const applied = await migrate({ pool, log: console.log });
    if (applied.length === 0) console.log("The database is up to date.");
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await pool.end();
}

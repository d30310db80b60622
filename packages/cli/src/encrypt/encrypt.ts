import { existsSync } from "node:fs";
import { join } from "node:path";
import { encryptionSettings } from "@graphfleet/chassis";
import { type Encryption, openEncryption, renewRows } from "@graphfleet/domain";
import { openPool, type Renewed, renewTables, requireCurrentSchema } from "@graphfleet/postgres";
import { loadEncryption } from "@graphfleet/runtime/auth";
import { readProjectEnv } from "@graphfleet/runtime/project";
import { Problem } from "../problem.js";
import type { Input, Io } from "../shell/command.js";
import { configPath, readConfig } from "../shell/read-config.js";
import { databaseUri, wholeNumber } from "../start/start-options.js";

const BATCH = 200;

/** `graphfleet encrypt`: writes anew what is not encrypted as it would be today. Exit code 1 when it was stopped before the end. */
export async function encrypt(input: Input, io: Io): Promise<number> {
  const { strings, switches } = input;
  const batch = wholeNumber("--batch", strings.batch, BATCH, { min: 1, max: 10_000 });
  const encryption = await encryptionOf(input, io);
  const uri = databaseUri(io.env);
  if (uri === null) throw new Problem("DATABASE_URI is not set. It names the Postgres database to encrypt.");

  const pool = openPool({
    uri,
    max: 2,
    applicationName: "graphfleet-encrypt",
    connectionTimeoutMs: 10_000,
    statementTimeoutMs: 0,
    lockTimeoutMs: 0,
    idleInTransactionMs: 0,
    onError: (error) => io.tell(`${error.message}\n`),
  });
  const stopping = io.stopping();
  const tables = new Map<string, Pick<Renewed, "seen" | "written">>();
  let next: string | null | undefined = strings.from;
  try {
    await requireCurrentSchema(pool);
    const walk = { pool, renew: renewRows(encryption), batch, from: strings.from, signal: stopping };
    for await (const { table, seen, written, next: place } of renewTables(walk)) {
      tables.set(table, { seen, written });
      next = place;
      io.tell(`${table.padEnd(20)} ${written} of ${seen} rows written\n`);
    }
  } catch (error) {
    throw new Problem(`${(error as Error).message}. Go on with: ${again(next)}`, { cause: error });
  } finally {
    await pool.end();
  }
  if (switches.has("json"))
    io.write(`${JSON.stringify({ done: next === null, next: next ?? null, tables: Object.fromEntries(tables) })}\n`);
  else if (next === null) io.write(encryption.cipher.seals ? ALL_SEALED : "Nothing is encrypted any more.\n");
  else io.write(`Stopped. Go on with: ${again(next)}\n`);
  return next === null ? 0 : 1;
}

const again = (next: string | null | undefined): string =>
  ["graphfleet encrypt", ...(next ? ["--from", next] : [])].join(" ");

const ALL_SEALED =
  "Everything is encrypted with the current key. Older keys can be dropped when every process has this one.\n";

/** @throws Problem when there is nothing to encrypt with. */
async function encryptionOf(input: Input, io: Io): Promise<Encryption> {
  const path = configPath(input, io);
  // Keys alone need no project.
  const isProject =
    input.strings.config !== undefined || existsSync(path.endsWith(".json") ? path : join(path, "langgraph.json"));
  const project = isProject ? await readConfig(path) : null;
  if (project !== null) Object.assign(io.env, await readProjectEnv(project, io.env));
  let encryption: Encryption | null;
  try {
    encryption = openEncryption(encryptionSettings(io.env), project && (await loadEncryption(project)));
  } catch (error) {
    throw new Problem((error as Error).message, { cause: error });
  }
  if (encryption === null)
    throw new Problem("There is nothing to encrypt with: set LANGGRAPH_AES_KEY, or encryption.path of langgraph.json.");
  return encryption;
}

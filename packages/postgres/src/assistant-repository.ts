import type {
  Assistant,
  AssistantFilter,
  AssistantId,
  AssistantPatch,
  AssistantQuery,
  AssistantRepository,
  AssistantVersion,
  JsonObject,
  NewAssistant,
  Page,
  PageRequest,
  Scope,
  SystemAssistant,
} from "@graphfleet/domain";
import { type Kysely, type Selectable, sql } from "kysely";

import { NEXT_VERSION, SETTINGS, recordVersion } from "./assistant-versions.js";
import { jsonb, plainText } from "./json.js";
import { all, contains, inScope, orTrue } from "./metadata-filter.js";
import { pageOf } from "./page.js";
import type { Database } from "./schema.js";
import { syncSystemAssistant } from "./system-assistants.js";
import { inTransaction } from "./transaction.js";

const COLUMNS = [...SETTINGS, "updated_at"] as const;

const METADATA = sql.ref("metadata");

/** Assistants and their versions. The assistant's row holds the active version's settings; older ones stay readable. */
export class PostgresAssistantRepository implements AssistantRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async insert(assistant: NewAssistant): Promise<Assistant | null> {
    return inTransaction(this.#db, async (tx) => {
      const row = await tx
        .insertInto("assistants")
        .values({
          assistant_id: assistant.id,
          version: 1,
          graph_id: plainText(assistant.graphId),
          name: plainText(assistant.name),
          description: assistant.description === null ? null : plainText(assistant.description),
          config: jsonb(assistant.config),
          context: jsonb(assistant.context),
          metadata: jsonb(assistant.metadata),
        })
        .onConflict((conflict) => conflict.column("assistant_id").doNothing())
        .returning(COLUMNS)
        .executeTakeFirst();
      if (row === undefined) return null;
      await recordVersion(tx, assistant.id);
      return toAssistant(row);
    });
  }

  async get(id: AssistantId, scope: Scope): Promise<Assistant | null> {
    const row = await this.#db
      .selectFrom("assistants")
      .select(COLUMNS)
      .where("assistant_id", "=", id)
      .where(orTrue(inScope(METADATA, scope)))
      .executeTakeFirst();
    return row === undefined ? null : toAssistant(row);
  }

  async search(query: AssistantQuery, scope: Scope): Promise<Page<Assistant>> {
    const { by, order } = query.sort;
    const rows = await this.#db
      .selectFrom("assistants")
      .select(COLUMNS)
      .where(matches(query, scope))
      .orderBy(by, order)
      .$if(by !== "assistant_id", (search) => search.orderBy("assistant_id", order))
      .limit(query.limit)
      .offset(query.offset)
      .execute();
    return pageOf(rows.map(toAssistant), query, () => this.count(query, scope));
  }

  async count(filter: AssistantFilter, scope: Scope): Promise<number> {
    const { total } = await this.#db
      .selectFrom("assistants")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where(matches(filter, scope))
      .executeTakeFirstOrThrow();
    return total;
  }

  async update(id: AssistantId, patch: AssistantPatch, scope: Scope): Promise<Assistant | null> {
    return inTransaction(this.#db, async (tx) => {
      if (!(await lock(tx, id, scope))) return null;
      const row = await tx
        .updateTable("assistants")
        .set({
          version: NEXT_VERSION,
          updated_at: sql<Date>`clock_timestamp()`,
          ...(patch.graphId === undefined ? {} : { graph_id: plainText(patch.graphId) }),
          ...(patch.name === undefined ? {} : { name: plainText(patch.name) }),
          ...(patch.description === undefined
            ? {}
            : { description: patch.description === null ? null : plainText(patch.description) }),
          ...(patch.config === undefined ? {} : { config: jsonb(patch.config) }),
          ...(patch.context === undefined ? {} : { context: jsonb(patch.context) }),
          ...(patch.metadata === undefined
            ? {}
            : { metadata: sql<JsonObject>`${METADATA} || ${jsonb(patch.metadata)}` }),
        })
        .where("assistant_id", "=", id)
        .returning(COLUMNS)
        .executeTakeFirstOrThrow();
      await recordVersion(tx, id);
      return toAssistant(row);
    });
  }

  async delete(id: AssistantId, scope: Scope): Promise<boolean> {
    return inTransaction(this.#db, async (tx) => {
      if (!(await lock(tx, id, scope))) return false;
      await tx.deleteFrom("crons").where("assistant_id", "=", id).execute();
      // Without an index on purpose: every run would pay for it, and assistants are rarely deleted.
      await tx.deleteFrom("runs").where("assistant_id", "=", id).where("ended_at", "is not", null).execute();
      await tx.deleteFrom("assistants").where("assistant_id", "=", id).execute();
      return true;
    });
  }

  async versions(
    id: AssistantId,
    query: PageRequest & { readonly metadata?: JsonObject },
    scope: Scope,
  ): Promise<readonly AssistantVersion[]> {
    const rows = await this.#db
      .selectFrom("assistant_versions as v")
      .innerJoin("assistants as a", "a.assistant_id", "v.assistant_id")
      .select(SETTINGS.map((column) => `v.${column}` as const))
      .where("v.assistant_id", "=", id)
      .where(orTrue(contains(sql.ref("v.metadata"), query.metadata)))
      .where(orTrue(inScope(sql.ref("a.metadata"), scope)))
      .orderBy("v.version", "desc")
      .limit(query.limit)
      .offset(query.offset)
      .execute();
    return rows.map(toVersion);
  }

  async setLatest(id: AssistantId, version: number, scope: Scope): Promise<Assistant | "no_assistant" | "no_version"> {
    return inTransaction(this.#db, async (tx) => {
      if (!(await lock(tx, id, scope))) return "no_assistant";
      const row = await tx
        .updateTable("assistants as a")
        .from("assistant_versions as v")
        .set((eb) => ({
          version: eb.ref("v.version"),
          graph_id: eb.ref("v.graph_id"),
          name: eb.ref("v.name"),
          description: eb.ref("v.description"),
          config: eb.ref("v.config"),
          context: eb.ref("v.context"),
          metadata: eb.ref("v.metadata"),
          updated_at: sql<Date>`clock_timestamp()`,
        }))
        .whereRef("v.assistant_id", "=", "a.assistant_id")
        .where("a.assistant_id", "=", id)
        .where("v.version", "=", version)
        .returning(COLUMNS.map((column) => `a.${column}` as const))
        .executeTakeFirst();
      return row === undefined ? "no_version" : toAssistant(row);
    });
  }

  async syncSystem(assistants: readonly SystemAssistant[]): Promise<void> {
    for (const assistant of assistants) await syncSystemAssistant(this.#db, assistant);
  }
}

/** Makes changes of one assistant take turns, so that version numbers neither collide nor leave gaps. */
async function lock(tx: Kysely<Database>, id: AssistantId, scope: Scope): Promise<boolean> {
  const row = await tx
    .selectFrom("assistants")
    .select("assistant_id")
    .where("assistant_id", "=", id)
    .where(orTrue(inScope(METADATA, scope)))
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

const matches = (filter: AssistantFilter, scope: Scope) =>
  orTrue(
    all([
      inScope(METADATA, scope),
      contains(METADATA, filter.metadata),
      filter.graphId === undefined ? null : sql<boolean>`graph_id = ${plainText(filter.graphId)}`,
      filter.name === undefined ? null : sql<boolean>`position(lower(${plainText(filter.name)}) in lower(name)) > 0`,
    ]),
  );

type VersionRow = Selectable<Pick<Database["assistants"], (typeof SETTINGS)[number]>>;
type AssistantRow = Selectable<Pick<Database["assistants"], (typeof COLUMNS)[number]>>;

const toVersion = (row: VersionRow): AssistantVersion => ({
  // The column holds nothing else.
  id: row.assistant_id as AssistantId,
  graphId: row.graph_id,
  name: row.name,
  description: row.description,
  config: row.config,
  context: row.context,
  metadata: row.metadata,
  version: row.version,
  createdAt: row.created_at,
});

const toAssistant = (row: AssistantRow): Assistant => ({ ...toVersion(row), updatedAt: row.updated_at });

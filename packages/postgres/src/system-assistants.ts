import type { SystemAssistant } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { NEXT_VERSION, recordVersion } from "./assistant-versions.js";
import { jsonb } from "./json.js";
import type { Database } from "./schema.js";
import { inTransaction } from "./transaction.js";

/**
 * Makes the system assistant, or gives it a new version when the project's settings changed.
 *
 * What counts as a change is remembered apart from the settings themselves: an edit by a user is theirs to keep, a
 * restart does not undo it. Of many starters one makes the assistant and the others wait for its row, then find it in
 * order. An assistant that a user made under this id stays as it is.
 */
export async function syncSystemAssistant(db: Kysely<Database>, assistant: SystemAssistant): Promise<void> {
  const { id, graphId, description, config, context } = assistant;
  const settings = jsonb({ graphId, description, config, context });

  await inTransaction(db, async (tx) => {
    const made = await tx
      .insertInto("assistants")
      .values({
        assistant_id: id,
        version: 1,
        graph_id: graphId,
        name: graphId,
        description,
        config: jsonb(config),
        context: jsonb(context),
        metadata: jsonb({ created_by: "system" }),
        system_settings: settings,
      })
      .onConflict((conflict) => conflict.column("assistant_id").doNothing())
      .returning("assistant_id")
      .executeTakeFirst();
    if (made !== undefined) {
      await recordVersion(tx, id);
      return;
    }

    const outdated = await tx
      .selectFrom("assistants")
      .select("assistant_id")
      .where("assistant_id", "=", id)
      .where(sql<boolean>`system_settings <> ${settings}`)
      .forUpdate()
      .executeTakeFirst();
    if (outdated === undefined) return;

    await tx
      .updateTable("assistants")
      .set({
        version: NEXT_VERSION,
        graph_id: graphId,
        description,
        config: jsonb(config),
        context: jsonb(context),
        system_settings: settings,
        updated_at: sql<Date>`clock_timestamp()`,
      })
      .where("assistant_id", "=", id)
      .execute();
    await recordVersion(tx, id);
  });
}

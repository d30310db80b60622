import type { AssistantId } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import type { Database } from "./schema.js";

/** What an assistant and each of its versions have in common. */
export const SETTINGS = [
  "assistant_id",
  "version",
  "graph_id",
  "name",
  "description",
  "config",
  "context",
  "metadata",
  "created_at",
] as const;

/** For updates of `assistants`: one more than the highest number there ever was. Use with the row locked. */
export const NEXT_VERSION = sql<number>`(
  select max(v.version) + 1 from assistant_versions v where v.assistant_id = assistants.assistant_id
)`;

/** Writes the settings that the assistant's row has now into its history. Call with the row locked. */
export async function recordVersion(tx: Kysely<Database>, id: AssistantId): Promise<void> {
  await tx
    .insertInto("assistant_versions")
    .columns([...SETTINGS])
    .expression((eb) =>
      eb
        .selectFrom("assistants")
        .select(["assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata"])
        .select("updated_at")
        .where("assistant_id", "=", id),
    )
    .execute();
}

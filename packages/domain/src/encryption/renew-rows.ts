import { isObject, type Json, type JsonObject } from "../json.js";
import type { RunAuth, RunSpec } from "../runs/run.js";
import type { CronOwner, RunTemplate } from "../crons/cron.js";
import type { GraphError, Interrupts } from "../threads/thread.js";
import type { EndedRun } from "../webhooks/delivery.js";
import type { Encryption } from "./cipher.js";
import { renewBlob } from "./sealed-blobs.js";
import { isSealed, renewJson } from "./sealed-json.js";
import { sealedKeys } from "./sealed-keys.js";
import { sealedRequests, sealedUsers } from "./sealed-requests.js";
import { renewError, renewInterrupts } from "./sealed-threads.js";
import { unsealed } from "./unlabelled-checkpoints.js";

/** Columns of the ledger's tables that hold something sealed, as they are stored. */
export interface StoredRows {
  threads: {
    metadata: JsonObject;
    config: JsonObject;
    context: Json;
    values: Json;
    interrupts: Interrupts;
    error: GraphError | null;
  };
  runs: { metadata: JsonObject; spec: RunSpec; auth: RunAuth; error: GraphError | null };
  crons: { metadata: JsonObject; payload: RunTemplate; auth: CronOwner };
  webhook_deliveries: { owner: JsonObject; payload: EndedRun };
  assistants: { metadata: JsonObject; context: Json };
  assistant_versions: { metadata: JsonObject; context: Json };
  store_items: { value: JsonObject };
  checkpoints: { metadata: JsonObject };
  checkpoint_blobs: { type: string; blob: Uint8Array | null };
  checkpoint_writes: { type: string; blob: Uint8Array | null };
}

export type StoredTable = keyof StoredRows;
export type RenewRows = { readonly [T in StoredTable]: (row: StoredRows[T]) => Promise<StoredRows[T]> };

/**
 * What rows should hold today: sealed with the first key, whatever they hold; plain while nothing is sealed. Columns that
 * are right already are the same values.
 */
export function renewRows(encryption: Encryption): RenewRows {
  const { cipher } = encryption;
  const keys = sealedKeys(encryption);
  const requests = sealedRequests(cipher, "run");
  const templates = sealedRequests(cipher, "cron");
  const runUsers = sealedUsers(cipher, "run");
  const cronUsers = sealedUsers(cipher, "cron");
  const ofThread = (stored: Json, field: string) => renewJson(cipher, "thread", stored, field);
  /** Of no settings none are sealed. */
  const config = async (stored: JsonObject): Promise<JsonObject> => {
    const renewed = Object.keys(stored).length === 0 ? stored : await ofThread(stored, "config");
    return isObject(renewed) ? renewed : stored;
  };
  const assistant = async (row: StoredRows["assistants"]) => ({
    metadata: await keys.renew("assistant", row.metadata),
    context:
      isObject(row.context) && !isSealed(row.context)
        ? await keys.renew("assistant", row.context, "context")
        : row.context,
  });
  const blob = async (row: StoredRows["checkpoint_blobs"]) => {
    if (row.blob === null) return row;
    const { type, bytes } = await renewBlob(cipher, { type: row.type, bytes: row.blob });
    return { type, blob: bytes };
  };

  return {
    threads: async (row) => ({
      metadata: await keys.renew("thread", row.metadata),
      config: await config(row.config),
      context: await ofThread(row.context, "context"),
      values: await ofThread(row.values, "values"),
      interrupts: await renewInterrupts(cipher, row.interrupts),
      error: await renewError(cipher, row.error),
    }),
    runs: async (row) => ({
      metadata: await keys.renew("run", row.metadata),
      spec: await requests.renew(row.spec),
      auth: await runUsers.renew(row.auth),
      error: await renewError(cipher, row.error),
    }),
    crons: async (row) => ({
      metadata: await keys.renew("cron", row.metadata),
      payload: await templates.renew(row.payload),
      auth: { ...row.auth, caller: await cronUsers.renew(row.auth.caller) },
    }),
    webhook_deliveries: async ({ owner, payload }) => ({
      owner: await keys.renew("thread", owner),
      payload: {
        ...payload,
        metadata: await keys.renew("run", payload.metadata),
        spec: await requests.renew(payload.spec),
        error: await renewError(cipher, payload.error),
        values: await ofThread(payload.values, "values"),
      },
    }),
    assistants: assistant,
    assistant_versions: assistant,
    store_items: async ({ value }) => ({ value: await keys.renew("item", value, "value") }),
    checkpoints: async ({ metadata }) => ({ metadata: cipher.seals ? await unsealed(keys, metadata) : metadata }),
    checkpoint_blobs: blob,
    checkpoint_writes: blob,
  };
}

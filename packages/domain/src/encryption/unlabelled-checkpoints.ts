import type { CheckpointRepository } from "../checkpoints/checkpoint-repository.js";
import type { JsonObject } from "../json.js";
import type { Encryption } from "./cipher.js";
import { overlay } from "../overlay.js";
import { type SealedKeys, sealedKeys } from "./sealed-keys.js";

/** Checkpoints are labelled with the run's metadata; the labels are for searching, so what is sealed is left out of them. */
export function unlabelledCheckpoints(checkpoints: CheckpointRepository, encryption: Encryption): CheckpointRepository {
  const { cipher, jsonKeys } = encryption;
  if (!cipher.seals || (cipher.objects === null && jsonKeys.size === 0)) return checkpoints;
  const keys = sealedKeys(encryption);
  return overlay(checkpoints, {
    async write(batch, claim) {
      const labelled = batch.checkpoints.map(async (row) => ({ ...row, metadata: await unsealed(keys, row.metadata) }));
      return checkpoints.write({ ...batch, checkpoints: await Promise.all(labelled) }, claim);
    },
    async label(threadId, metadata) {
      return checkpoints.label(threadId, await unsealed(keys, metadata));
    },
  });
}

/** What the library itself says of a checkpoint, and reads. */
const STEP = new Set(["parents", "source", "step", "writes"]);

/** Labels without those that would be sealed; the same object when there are none. */
export async function unsealed(keys: SealedKeys, labels: JsonObject): Promise<JsonObject> {
  const asked = Object.fromEntries(Object.entries(labels).filter(([key]) => !STEP.has(key)));
  const sealed = await keys.among("run", asked);
  return sealed.size === 0 ? labels : Object.fromEntries(Object.entries(labels).filter(([key]) => !sealed.has(key)));
}

import type { CheckpointSelector } from "@graphfleet/domain";
import type { Static } from "@sinclair/typebox";
import { given } from "./given.js";
import type { CheckpointFields } from "./schemas.js";

/** The checkpoint that a request names, in an object or (older clients) by its bare id. */
export function toCheckpointSelector(request: {
  readonly checkpoint?: Static<typeof CheckpointFields>;
  readonly checkpoint_id?: string;
}): CheckpointSelector {
  const { checkpoint = {}, checkpoint_id } = request;
  return given({
    checkpointId: checkpoint.checkpoint_id ?? checkpoint_id,
    checkpointNs: checkpoint.checkpoint_ns,
    checkpointMap: checkpoint.checkpoint_map,
  });
}

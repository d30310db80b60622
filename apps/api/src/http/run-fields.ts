import type { Durability as DurabilityWord, JsonObject } from "@graphfleet/domain";
import { Type } from "@sinclair/typebox";
import { AnyObject, CheckpointFields, eitherOf, oneOf, oneOrMany } from "./schemas.js";

// What a request says about how a run is executed, wherever it says so.

const StreamModeName = oneOf([
  "values",
  "messages",
  "messages-tuple",
  "updates",
  "events",
  "tasks",
  "checkpoints",
  "debug",
  "custom",
  "tools",
]);

export const StreamModes = Type.Optional(oneOrMany(StreamModeName));

export const Nodes = Type.Optional(
  eitherOf<"*" | readonly string[]>('"*" or a list of node names', Type.Literal("*"), Type.Array(Type.String())),
);

export const Config = Type.Object({
  tags: Type.Optional(Type.Array(Type.String())),
  recursion_limit: Type.Optional(Type.Integer({ minimum: 1 })),
  // Of its members only those that name a place are checked.
  configurable: Type.Optional(Type.Unsafe<JsonObject>(CheckpointFields)),
  metadata: Type.Optional(AnyObject),
});

export const Webhook = Type.Optional(Type.String({ minLength: 1, maxLength: 65_536, format: "uri-reference" }));
export const Durability = Type.Optional(oneOf(["sync", "async", "exit"]));
export const MULTITASK_STRATEGIES = ["reject", "interrupt", "rollback", "enqueue"] as const;

interface DurabilityWire {
  readonly durability?: DurabilityWord;
  readonly checkpoint_during?: boolean;
}

/** `checkpoint_during` is the older word for the same choice. The library refuses both at once, so the newer one wins. */
export function durabilityOf({ durability, checkpoint_during: during }: DurabilityWire): DurabilityWord | null {
  if (durability !== undefined) return durability;
  if (during === undefined) return null;
  return during ? "async" : "exit";
}

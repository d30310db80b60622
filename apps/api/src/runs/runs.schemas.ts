import { type Static, Type } from "@sinclair/typebox";
import {
  AnyJson,
  AnyObject,
  CheckpointFields,
  Filter,
  Flag,
  Limit,
  Offset,
  oneOf,
  oneOrMany,
  Uuid,
} from "../http/schemas.js";
import { Command } from "../http/command-schema.js";
import { Config, Durability, MULTITASK_STRATEGIES, Nodes, StreamModes, Webhook } from "../http/run-fields.js";

/** A run may be put off for ten years; more is a mistake in units. */
const AFTER_SECONDS_MAX = 315_360_000;

const Tracer = Type.Object({
  project_name: Type.Optional(Type.String()),
  example_id: Type.Optional(Type.String()),
});

/** What every door for new runs takes. Threads and those without share it; each ignores what means nothing to it. */
export const RunCreateBody = Type.Object({
  assistant_id: Type.String({ minLength: 1 }),
  input: Type.Optional(AnyJson),
  command: Type.Optional(Command),
  config: Type.Optional(Config),
  context: Type.Optional(AnyJson),
  metadata: Type.Optional(AnyObject),
  checkpoint: Type.Optional(CheckpointFields),
  checkpoint_id: Type.Optional(Type.String()),
  stream_mode: StreamModes,
  stream_subgraphs: Flag,
  stream_resumable: Flag,
  feedback_keys: Type.Optional(oneOrMany(Type.String())),
  interrupt_before: Nodes,
  interrupt_after: Nodes,
  webhook: Webhook,
  multitask_strategy: oneOf(MULTITASK_STRATEGIES, { default: "enqueue" }),
  // The default is the server's: see GRAPHFLEET_ON_DISCONNECT.
  on_disconnect: Type.Optional(oneOf(["cancel", "continue"])),
  // Not a closed list: the JS SDK's own types name two values that no server knows.
  on_completion: Type.Optional(Type.String()),
  if_not_exists: oneOf(["create", "reject"], { default: "reject" }),
  after_seconds: Type.Number({ minimum: 0, maximum: AFTER_SECONDS_MAX, default: 0 }),
  durability: Durability,
  checkpoint_during: Type.Optional(Type.Boolean()),
  langsmith_tracer: Type.Optional(Tracer),
});
export type RunCreateWire = Static<typeof RunCreateBody>;

/** More belong into several calls: they are admitted in one transaction. */
const BATCH_MAX = 1000;

export const RunBatchBody = Type.Array(RunCreateBody, { minItems: 1, maxItems: BATCH_MAX });

/** Either `status`, or `thread_id` with `run_ids`. */
export const BulkCancelBody = Type.Object({
  status: Type.Optional(oneOf(["pending", "running", "all"])),
  thread_id: Type.Optional(Uuid),
  run_ids: Type.Optional(Type.Array(Uuid, { minItems: 1, maxItems: BATCH_MAX })),
});

const CancelAction = oneOf(["interrupt", "rollback"], { default: "interrupt" });
export const BulkCancelQuery = Type.Object({ action: CancelAction });

export const RunListQuery = Type.Object({
  limit: Limit,
  offset: Offset,
  status: Type.Optional(oneOf(["pending", "running", "success", "error", "timeout", "interrupted"])),
  metadata: Type.Optional(Filter),
  select: Type.Optional(
    oneOrMany(
      oneOf([
        "run_id",
        "thread_id",
        "assistant_id",
        "created_at",
        "updated_at",
        "status",
        "metadata",
        "kwargs",
        "multitask_strategy",
      ]),
    ),
  ),
});

export const JoinQuery = Type.Object({ cancel_on_disconnect: Flag });
export const JoinStreamQuery = Type.Object({ cancel_on_disconnect: Flag, stream_mode: StreamModes });

export const CancelQuery = Type.Object({
  wait: Flag,
  action: CancelAction,
});

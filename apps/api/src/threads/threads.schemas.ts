import { type Static, Type } from "@sinclair/typebox";
import {
  AnyJson,
  AnyObject,
  CheckpointFields,
  Flag,
  Limit,
  Offset,
  eitherOf,
  oneOf,
  oneOrMany,
  SortOrder,
  Uuid,
} from "../http/schemas.js";

const FIELDS = [
  "thread_id",
  "created_at",
  "updated_at",
  "state_updated_at",
  "metadata",
  "config",
  "context",
  "status",
  "values",
  "interrupts",
  "error",
] as const;

export const ThreadCreateBody = Type.Object({
  thread_id: Type.Optional(Uuid),
  metadata: Type.Optional(AnyObject),
  if_exists: oneOf(["raise", "do_nothing"], { default: "raise" }),
});

export const ThreadPatchBody = Type.Object({ metadata: Type.Optional(AnyObject) });

const Filter = {
  metadata: Type.Optional(AnyObject),
  values: Type.Optional(AnyObject),
  status: Type.Optional(oneOf(["idle", "busy", "interrupted", "error"])),
};

export const ThreadCountBody = Type.Object(Filter);

export const ThreadSearchBody = Type.Object({
  ...Filter,
  ids: Type.Optional(Type.Array(Uuid)),
  limit: Limit,
  offset: Offset,
  sort_by: oneOf(["thread_id", "status", "created_at", "updated_at", "state_updated_at"], { default: "created_at" }),
  sort_order: SortOrder,
  select: Type.Optional(oneOrMany(oneOf(FIELDS))),
});
export type ThreadFilterWire = Static<typeof ThreadCountBody> & { readonly ids?: readonly string[] };

export const StateParams = Type.Object({ thread_id: Uuid, checkpoint_id: Uuid });
export const StateQuery = Type.Object({ subgraphs: Flag });

export const StateAtBody = Type.Object({
  checkpoint: CheckpointFields,
  subgraphs: Type.Optional(Type.Boolean()),
});

export const StateUpdateBody = Type.Object({
  values: Type.Optional(AnyJson),
  as_node: Type.Optional(Type.String()),
  checkpoint: Type.Optional(CheckpointFields),
  checkpoint_id: Type.Optional(Type.String()),
});
export type StateUpdateWire = Static<typeof StateUpdateBody>;

const CheckpointId = Type.Object({ checkpoint_id: Type.String() });
type CheckpointIdWire = Static<typeof CheckpointId>;

/** SDKs disagree: the id, a checkpoint, or a config that holds one. */
const Before = eitherOf<string | CheckpointIdWire | { readonly configurable: CheckpointIdWire }>(
  "a checkpoint id, a checkpoint, or a config with one",
  Type.String(),
  CheckpointId,
  Type.Object({ configurable: CheckpointId }),
);

export const HistoryQueryString = Type.Object({ limit: Limit, before: Type.Optional(Type.String()) });

export const HistoryBody = Type.Object({
  limit: Limit,
  before: Type.Optional(Before),
  metadata: Type.Optional(AnyObject),
  checkpoint: Type.Optional(CheckpointFields),
});
export type HistoryWire = Static<typeof HistoryBody>;

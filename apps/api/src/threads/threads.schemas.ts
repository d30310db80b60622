import { THREAD_FIELDS } from "@graphfleet/domain";
import { type Static, Type } from "@sinclair/typebox";
import {
  AnyJson,
  AnyObject,
  CheckpointFields,
  EXACT,
  Filter,
  Flag,
  Limit,
  Offset,
  eitherOf,
  oneOf,
  oneOrMany,
  SortOrder,
  Uuid,
} from "../http/schemas.js";
import { Command } from "../http/command-schema.js";

/** A hundred years; more is a mistake in units. */
const TTL_MINUTES_MAX = 52_560_000;
/** Threads that one request may prune. */
const PRUNE_MAX = 1000;
const EXTRACT_MAX = 10;

const TtlMinutes = Type.Number({ exclusiveMinimum: 0, maximum: TTL_MINUTES_MAX });
const STRATEGIES = ["delete", "keep_latest"] as const;
const StrategyOrNull = Type.Unsafe<(typeof STRATEGIES)[number] | null>({
  type: ["string", "null"],
  enum: [...STRATEGIES, null],
});

/** A bare number is what older clients send. */
const Ttl = Type.Optional(
  eitherOf<number | { readonly ttl: number; readonly strategy?: (typeof STRATEGIES)[number] | null }>(
    "a number of minutes above 0, or an object with one and a strategy (delete or keep_latest)",
    TtlMinutes,
    Type.Object({ ttl: TtlMinutes, strategy: Type.Optional(StrategyOrNull) }),
  ),
);

const SuperstepUpdate = Type.Object({
  values: Type.Optional(AnyJson),
  command: Type.Optional(Command),
  as_node: Type.String({ minLength: 1 }),
});
const Supersteps = Type.Optional(Type.Array(Type.Object({ updates: Type.Array(SuperstepUpdate) })));
export type SuperstepsWire = Static<typeof Supersteps> | undefined;
export type TtlWire = Static<typeof Ttl> | undefined;

export const ThreadCreateBody = Type.Object({
  thread_id: Type.Optional(Uuid),
  metadata: Type.Optional(AnyObject),
  if_exists: oneOf(["raise", "do_nothing"], { default: "raise" }),
  ttl: Ttl,
  supersteps: Supersteps,
});

export const ThreadQueryString = Type.Object({ include: Type.Optional(oneOrMany(Type.String())) });
export const ThreadPatchBody = Type.Object({ metadata: Type.Optional(AnyObject), ttl: Ttl });

export const ThreadPruneBody = Type.Object({
  thread_ids: Type.Array(Uuid, { maxItems: PRUNE_MAX }),
  strategy: oneOf(STRATEGIES, { default: "delete" }),
});

const Filters = {
  metadata: Type.Optional(Filter),
  values: Type.Optional(Filter),
  status: Type.Optional(oneOf(["idle", "busy", "interrupted", "error"])),
};

export const ThreadCountBody = Type.Object(Filters);

export const ThreadSearchBody = Type.Object({
  ...Filters,
  ids: Type.Optional(Type.Array(Uuid)),
  limit: Limit,
  offset: Offset,
  sort_by: oneOf(["thread_id", "status", "created_at", "updated_at", "state_updated_at"], { default: "created_at" }),
  sort_order: SortOrder,
  select: Type.Optional(oneOrMany(oneOf(THREAD_FIELDS))),
  extract: Type.Optional(
    Type.Unsafe<Readonly<Record<string, string>>>({
      type: "object",
      maxProperties: EXTRACT_MAX,
      additionalProperties: { type: "string" },
      [EXACT]: true,
    }),
  ),
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

export const StatePatchBody = Type.Object({ metadata: AnyObject });

const TextOrNull = Type.Unsafe<string | null>({ type: ["string", "null"] });
const CheckpointId = { checkpoint_id: Type.Optional(TextOrNull) };

const BeforeObject = Type.Object({
  ...CheckpointId,
  configurable: Type.Optional(Type.Object(CheckpointId)),
});

/** SDKs disagree: the id, a checkpoint, or a config that holds one. Both objects may come without an id, or with null. */
const Before = eitherOf<string | Static<typeof BeforeObject>>(
  "a checkpoint id, a checkpoint, or a config with one",
  Type.String(),
  BeforeObject,
);

export const HistoryQueryString = Type.Object({ limit: Limit, before: Type.Optional(Type.String()) });

export const HistoryBody = Type.Object({
  limit: Limit,
  before: Type.Optional(Before),
  metadata: Type.Optional(Filter),
  checkpoint: Type.Optional(CheckpointFields),
});
export type HistoryWire = Static<typeof HistoryBody>;

const ThreadStreamModes = Type.Optional(oneOrMany(oneOf(["run_modes", "lifecycle", "state_update"])));

/** The SDKs say `stream_mode`, the official API document says `stream_modes`. */
export const ThreadStreamQuery = Type.Object({ stream_mode: ThreadStreamModes, stream_modes: ThreadStreamModes });

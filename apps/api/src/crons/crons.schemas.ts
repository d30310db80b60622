import { CRON_SORTS } from "@graphfleet/domain";
import { type Static, Type } from "@sinclair/typebox";
import { Config, Durability, MULTITASK_STRATEGIES, Nodes, StreamModes, Webhook } from "../http/run-fields.js";
import {
  AnyJson,
  AnyObject,
  eitherOf,
  Filter,
  Flag,
  Limit,
  Offset,
  oneOf,
  oneOrMany,
  SortOrder,
  Uuid,
} from "../http/schemas.js";

const Schedule = Type.String({ minLength: 1, maxLength: 256 });
const Timezone = Type.String({ minLength: 1, maxLength: 64 });
const Moment = Type.String({ minLength: 1, maxLength: 64 });
const orNull = (phrase: string, schema: typeof Timezone) =>
  Type.Optional(eitherOf<string | null>(phrase, schema, Type.Null()));

export const CronParams = Type.Object({ cron_id: Uuid });

/** What runs are made from: a run request, without what only means something once. */
const Template = {
  input: Type.Optional(AnyJson),
  config: Type.Optional(Config),
  context: Type.Optional(AnyJson),
  webhook: Webhook,
  interrupt_before: Nodes,
  interrupt_after: Nodes,
  stream_mode: StreamModes,
  durability: Durability,
  checkpoint_during: Type.Optional(Type.Boolean()),
};

export const CronCreateBody = Type.Object({
  ...Template,
  assistant_id: Type.String({ minLength: 1 }),
  schedule: Schedule,
  timezone: Type.Optional(Timezone),
  end_time: Type.Optional(Moment),
  enabled: Type.Boolean({ default: true }),
  metadata: Type.Optional(AnyObject),
  on_run_completed: oneOf(["delete", "keep"], { default: "delete" }),
  multitask_strategy: oneOf(MULTITASK_STRATEGIES, { default: "enqueue" }),
  stream_subgraphs: Flag,
  stream_resumable: Flag,
});
export type CronCreateWire = Static<typeof CronCreateBody>;

/** Nothing has a default: what is absent stays. */
export const CronPatchBody = Type.Object({
  ...Template,
  schedule: Type.Optional(Schedule),
  timezone: orNull("an IANA time zone or null", Timezone),
  end_time: orNull("a time or null", Moment),
  enabled: Type.Optional(Type.Boolean()),
  metadata: Type.Optional(AnyObject),
  on_run_completed: Type.Optional(oneOf(["delete", "keep"])),
  multitask_strategy: Type.Optional(oneOf(MULTITASK_STRATEGIES)),
  stream_subgraphs: Type.Optional(Type.Boolean()),
  stream_resumable: Type.Optional(Type.Boolean()),
});
export type CronPatchWire = Static<typeof CronPatchBody>;

const Wanted = {
  /** An assistant id or a graph id. */
  assistant_id: Type.Optional(Type.String()),
  thread_id: Type.Optional(Uuid),
  enabled: Type.Optional(Type.Boolean()),
  metadata: Type.Optional(Filter),
};

export const CronCountBody = Type.Object(Wanted);
export type CronFilterWire = Static<typeof CronCountBody>;

export const CronSearchBody = Type.Object({
  ...Wanted,
  limit: Limit,
  offset: Offset,
  sort_by: oneOf(CRON_SORTS, { default: "created_at" }),
  sort_order: SortOrder,
  select: Type.Optional(
    oneOrMany(
      oneOf([
        "cron_id",
        "assistant_id",
        "thread_id",
        "on_run_completed",
        "end_time",
        "schedule",
        "timezone",
        "enabled",
        "created_at",
        "updated_at",
        "user_id",
        "payload",
        "next_run_date",
        "metadata",
        "now",
      ]),
    ),
  ),
});

import { Type } from "@sinclair/typebox";
import { Id, nullable, rowsOf, Time } from "../http/answer-schemas.js";
import { json, nothing, type Operation, operations } from "../http/operation.js";
import { AnyObject, oneOf, ThreadParams } from "../http/schemas.js";
import { CronCountBody, CronCreateBody, CronParams, CronPatchBody, CronSearchBody } from "./crons.schemas.js";

const fields = {
  cron_id: Id,
  assistant_id: Id,
  thread_id: nullable(Id),
  on_run_completed: nullable(oneOf(["delete", "keep"])),
  schedule: Type.String(),
  timezone: nullable(Type.String()),
  end_time: nullable(Time),
  enabled: Type.Boolean(),
  next_run_date: nullable(Time),
  user_id: nullable(Type.String()),
  payload: AnyObject,
  metadata: AnyObject,
  created_at: Time,
  updated_at: Time,
};
const Cron = Type.Object(fields, { title: "Cron" });
/** `now` comes only when it is selected. */
const FoundCron = Type.Object({ ...fields, now: Time }, { title: "Cron" });

const EXAMPLE = {
  assistant_id: "agent",
  schedule: "0 8 * * 1-5",
  timezone: "Europe/Berlin",
  input: { messages: [{ role: "user", content: "Good morning" }] },
};

export const cronOperations: readonly Operation[] = operations("Crons", [
  {
    method: "post",
    path: "/runs/crons",
    summary: "Start a run by schedule, each on a thread of its own.",
    body: CronCreateBody,
    example: { body: EXAMPLE },
    answers: { 200: json("The cron.", Cron) },
    problems: [404],
  },
  {
    method: "post",
    path: "/threads/:thread_id/runs/crons",
    summary: "Start a run by schedule, always on this thread.",
    params: ThreadParams,
    body: CronCreateBody,
    example: { body: EXAMPLE },
    answers: { 200: json("The cron.", Cron) },
    problems: [404],
  },
  {
    method: "post",
    path: "/runs/crons/search",
    summary: "Find crons.",
    body: CronSearchBody,
    example: { body: { enabled: true, limit: 5 } },
    answers: { 200: json("The crons.", rowsOf(FoundCron), "X-Pagination-Total", "X-Pagination-Next") },
  },
  {
    method: "post",
    path: "/runs/crons/count",
    summary: "Count crons.",
    body: CronCountBody,
    example: { body: { assistant_id: "agent" } },
    answers: { 200: json("How many there are.", Type.Integer({ minimum: 0 })) },
  },
  {
    method: "get",
    path: "/runs/crons/:cron_id",
    summary: "Get a cron.",
    params: CronParams,
    answers: { 200: json("The cron.", Cron) },
    problems: [404],
  },
  {
    method: "patch",
    path: "/runs/crons/:cron_id",
    summary: "Change a cron; a null `end_time` means that it has no end.",
    params: CronParams,
    body: CronPatchBody,
    example: { body: { enabled: false } },
    answers: { 200: json("The cron as it is now.", Cron) },
    problems: [404],
  },
  {
    method: "delete",
    path: "/runs/crons/:cron_id",
    summary: "Delete a cron. Runs that it started go on.",
    params: CronParams,
    answers: { 204: nothing("Gone.") },
    problems: [404],
  },
]);

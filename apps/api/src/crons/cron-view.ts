import {
  asThreadId,
  type CreateCronRequest,
  type Cron,
  type CronFilter,
  type CronPatch,
  type CronSearch,
  invalidRequest,
  type ThreadId,
} from "@graphfleet/domain";
import { given } from "../http/given.js";
import { durabilityOf } from "../http/run-fields.js";
import type { CronCreateWire, CronFilterWire, CronPatchWire } from "./crons.schemas.js";

/** Who the cron's runs are for is never shown, but for the name of its maker. */
export const cronView = (cron: Cron) => ({
  cron_id: cron.id,
  assistant_id: cron.assistantId,
  thread_id: cron.threadId,
  on_run_completed: cron.onRunCompleted,
  schedule: cron.schedule,
  timezone: cron.timezone,
  end_time: cron.endTime?.toISOString() ?? null,
  enabled: cron.enabled,
  next_run_date: cron.nextRunAt?.toISOString() ?? null,
  user_id: cron.userId,
  payload: payloadView(cron),
  metadata: cron.metadata,
  created_at: cron.createdAt.toISOString(),
  updated_at: cron.updatedAt.toISOString(),
});

const payloadView = ({ template, assistantId, schedule, metadata }: Cron) => ({
  assistant_id: assistantId,
  schedule,
  input: template.input,
  config: template.config,
  context: template.context,
  metadata,
  multitask_strategy: template.multitaskStrategy,
  stream_subgraphs: template.streamSubgraphs,
  stream_resumable: template.streamResumable,
  ...given({
    webhook: template.webhook ?? undefined,
    interrupt_before: template.interruptBefore ?? undefined,
    interrupt_after: template.interruptAfter ?? undefined,
    stream_mode: template.streamModes ?? undefined,
    durability: template.durability ?? undefined,
  }),
});

export const toCreateCron = (body: CronCreateWire, threadId: ThreadId | null): CreateCronRequest => ({
  assistant: body.assistant_id,
  threadId,
  schedule: body.schedule,
  timezone: body.timezone ?? null,
  endTime: body.end_time === undefined ? null : momentOf(body.end_time),
  enabled: body.enabled,
  onRunCompleted: body.on_run_completed,
  metadata: body.metadata ?? {},
  template: {
    input: body.input ?? null,
    config: body.config ?? {},
    context: body.context ?? null,
    webhook: body.webhook ?? null,
    interruptBefore: body.interrupt_before ?? null,
    interruptAfter: body.interrupt_after ?? null,
    multitaskStrategy: body.multitask_strategy,
    streamModes: body.stream_mode ?? null,
    streamSubgraphs: body.stream_subgraphs,
    streamResumable: body.stream_resumable,
    durability: durabilityOf(body),
  },
});

export const toCronPatch = (body: CronPatchWire): CronPatch =>
  given({
    schedule: body.schedule,
    timezone: body.timezone,
    endTime: typeof body.end_time === "string" ? momentOf(body.end_time) : body.end_time,
    enabled: body.enabled,
    onRunCompleted: body.on_run_completed,
    metadata: body.metadata,
    template: given({
      input: body.input,
      config: body.config,
      context: body.context,
      webhook: body.webhook,
      interruptBefore: body.interrupt_before,
      interruptAfter: body.interrupt_after,
      multitaskStrategy: body.multitask_strategy,
      streamModes: body.stream_mode,
      streamSubgraphs: body.stream_subgraphs,
      streamResumable: body.stream_resumable,
      durability: durabilityOf(body) ?? undefined,
    }),
  });

export const toCronFilter = (body: CronFilterWire): CronSearch<CronFilter> =>
  given({
    assistant: body.assistant_id,
    threadId: body.thread_id === undefined ? undefined : asThreadId(body.thread_id),
    enabled: body.enabled,
    metadata: body.metadata,
  });

/** A day, or a day and a time. */
const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** Without an offset it is UTC, as all times are here. @throws DomainError `invalid_request`. */
function momentOf(text: string): Date {
  const match = ISO.exec(text);
  const isOpen = match !== null && text.length > 10 && match[1] === undefined;
  const moment = match === null ? new Date(Number.NaN) : new Date(isOpen ? `${text}Z` : text);
  if (Number.isNaN(moment.getTime())) throw invalidRequest("end_time must be an ISO 8601 time");
  return moment;
}

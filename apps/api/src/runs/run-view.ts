import { kwargsOf, type Run, type RunRequest, type ThreadId } from "@graphfleet/domain";
import { toCheckpointSelector } from "../http/checkpoint-selector.js";
import { durabilityOf } from "../http/run-fields.js";
import type { RunCreateWire } from "./runs.schemas.js";

export const runView = (run: Run) => ({
  run_id: run.id,
  thread_id: run.threadId,
  assistant_id: run.assistantId,
  created_at: run.createdAt.toISOString(),
  updated_at: run.updatedAt.toISOString(),
  status: run.status,
  metadata: run.metadata,
  kwargs: kwargsOf(run.spec),
  multitask_strategy: run.multitaskStrategy,
});

/** `attached`: the answer to this very request tells what the run does. */
export const toRunRequest = (body: RunCreateWire, threadId: ThreadId | null, attached: boolean): RunRequest => ({
  threadId,
  assistant: body.assistant_id,
  input: body.input ?? null,
  command: body.command ?? null,
  config: body.config ?? {},
  context: body.context ?? null,
  metadata: body.metadata ?? {},
  checkpoint: toCheckpointSelector(body),
  streamModes: body.stream_mode ?? null,
  streamSubgraphs: body.stream_subgraphs,
  streamResumable: body.stream_resumable,
  interruptBefore: body.interrupt_before ?? null,
  interruptAfter: body.interrupt_after ?? null,
  multitaskStrategy: body.multitask_strategy,
  ifNotExists: body.if_not_exists,
  onCompletion: body.on_completion === "keep" ? "keep" : "delete",
  afterSeconds: body.after_seconds,
  durability: durabilityOf(body),
  feedbackKeys: body.feedback_keys ?? [],
  webhook: body.webhook ?? null,
  langsmithTracer:
    body.langsmith_tracer === undefined
      ? null
      : {
          projectName: body.langsmith_tracer.project_name ?? null,
          exampleId: body.langsmith_tracer.example_id ?? null,
        },
  attached,
});

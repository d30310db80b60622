import { isObject, type Json } from "../json.js";
import { kwargsOf } from "../runs/run-kwargs.js";
import type { RunSpec } from "../runs/run.js";
import type { EndedRun } from "./delivery.js";
import { withoutUserinfo } from "./url-rules.js";

/** What a receiver is sent: the run in the form of the API, when it ran, and what came of it. */
export function webhookPayload(ended: EndedRun, sentAt: Date): Readonly<Record<string, unknown>> {
  return {
    run_id: ended.run_id,
    thread_id: ended.thread_id,
    assistant_id: ended.assistant_id,
    created_at: iso(ended.created_at),
    updated_at: iso(ended.updated_at),
    metadata: ended.metadata,
    multitask_strategy: ended.multitask_strategy,
    kwargs: kwargsOf(withoutSecrets(ended.spec)),
    status: ended.status,
    ...(ended.started_at === null ? {} : { run_started_at: iso(ended.started_at) }),
    run_ended_at: iso(ended.ended_at),
    webhook_sent_at: sentAt.toISOString(),
    ...(ended.values === null ? {} : { values: ended.values }),
    ...(ended.error === null ? {} : { error: ended.error.message }),
  };
}

const iso = (time: string): string => new Date(time).toISOString();

/**
 * Who the graph ran for is for the graph; receivers are strangers. And a body may be redirected to another host, which must
 * not learn what lets one in at the first.
 */
function withoutSecrets({ webhook, ...rest }: RunSpec): RunSpec {
  const spec = { ...rest, webhook: webhook === null ? null : withoutUserinfo(webhook) };
  const configurable: Json | undefined = spec.config["configurable"];
  if (!isObject(configurable)) return spec;
  const kept = Object.entries(configurable).filter(([key]) => !key.startsWith("langgraph_auth_"));
  return { ...spec, config: { ...spec.config, configurable: Object.fromEntries<Json>(kept) } };
}

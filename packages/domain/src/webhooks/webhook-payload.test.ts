import { aRun } from "../../test/facts.js";
import type { EndedRun } from "./delivery.js";
import { webhookPayload } from "./webhook-payload.js";

const SENT = new Date("2026-11-21T01:12:41.600Z");
const { spec } = aRun();

const ended = (facts: Partial<EndedRun> = {}): EndedRun => ({
  run_id: "r-1",
  thread_id: "t-1",
  assistant_id: "a-1",
  status: "success",
  metadata: { team: "red" },
  multitask_strategy: "enqueue",
  spec: { ...spec, input: { n: 1 }, webhook: "https://hooks.example.net/lg" },
  created_at: "2026-11-21T01:12:38.1+00:00",
  updated_at: "2026-11-21T02:12:41.473123+01:00",
  started_at: "2026-11-21T01:12:38.355+00:00",
  ended_at: "2026-11-21T01:12:41.473+00:00",
  error: null,
  values: { attempts: 2 },
  ...facts,
});

test("is the run as the API shows it, when it ran, and its values", () => {
  expect(webhookPayload(ended(), SENT)).toMatchObject({
    run_id: "r-1",
    thread_id: "t-1",
    assistant_id: "a-1",
    created_at: "2026-11-21T01:12:38.100Z",
    updated_at: "2026-11-21T01:12:41.473Z",
    metadata: { team: "red" },
    multitask_strategy: "enqueue",
    kwargs: { input: { n: 1 }, webhook: "https://hooks.example.net/lg" },
    status: "success",
    run_started_at: "2026-11-21T01:12:38.355Z",
    run_ended_at: "2026-11-21T01:12:41.473Z",
    webhook_sent_at: "2026-11-21T01:12:41.600Z",
    values: { attempts: 2 },
  });
});

test("has an error only when the run raised one, and values only when it left any", () => {
  expect(Object.keys(webhookPayload(ended(), SENT))).not.toContain("error");
  const failed = ended({
    status: "error",
    error: { error: "Boom", message: "no way" },
    values: null,
    started_at: null,
  });
  const payload = webhookPayload(failed, SENT);
  expect(payload).toMatchObject({ status: "error", error: "no way" });
  expect(Object.keys(payload)).not.toContain("values");
  expect(Object.keys(payload)).not.toContain("run_started_at");
});

test("does not tell who the graph ran for", () => {
  const configurable = { thread_id: "t-1", langgraph_auth_user: { token: "s3cret" }, langgraph_auth_user_id: "ann" };
  const payload = webhookPayload(ended({ spec: { ...spec, config: { tags: ["a"], configurable } } }), SENT);
  expect(payload).toMatchObject({ kwargs: { config: { tags: ["a"], configurable: { thread_id: "t-1" } } } });
  expect(JSON.stringify(payload)).not.toMatch(/s3cret|ann/);
});

test("does not tell what lets one in at the receiver, since a redirect may take it elsewhere", () => {
  const webhook = "https://ann:s3cret@hooks.example.net/lg";
  const payload = webhookPayload(ended({ spec: { ...spec, webhook } }), SENT);
  expect(payload).toMatchObject({ kwargs: { webhook: "https://hooks.example.net/lg" } });
  expect(JSON.stringify(payload)).not.toMatch(/s3cret|ann/);
});

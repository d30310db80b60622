import { asAssistantId, asRunId, asThreadId, type Run } from "@graphfleet/domain";
import { parse } from "../http/parse.js";
import { runView, toRunRequest } from "./run-view.js";
import { RunCreateBody } from "./runs.schemas.js";

const request = (body: object) => toRunRequest(parse(RunCreateBody, { assistant_id: "agent", ...body }), null, false);

describe("toRunRequest", () => {
  test("says null for everything a client left out", () => {
    expect(request({})).toEqual({
      threadId: null,
      assistant: "agent",
      input: null,
      command: null,
      config: {},
      context: null,
      metadata: {},
      checkpoint: {},
      streamModes: null,
      streamSubgraphs: false,
      streamResumable: false,
      interruptBefore: null,
      interruptAfter: null,
      multitaskStrategy: "enqueue",
      ifNotExists: "reject",
      onCompletion: "delete",
      afterSeconds: 0,
      durability: null,
      feedbackKeys: [],
      webhook: null,
      langsmithTracer: null,
      attached: false,
    });
  });

  test.each([
    [{ checkpoint_id: "a" }, { checkpointId: "a" }],
    [{ checkpoint_id: "a", checkpoint: { checkpoint_id: "b" } }, { checkpointId: "b" }],
    [
      { checkpoint: { checkpoint_ns: "", checkpoint_map: { "": "a" } } },
      { checkpointNs: "", checkpointMap: { "": "a" } },
    ],
  ])("reads the checkpoint of %j", (body, checkpoint) => {
    expect(request(body).checkpoint).toEqual(checkpoint);
  });

  test.each([
    [{ durability: "sync", checkpoint_during: false }, "sync"],
    [{ checkpoint_during: true }, "async"],
    [{ checkpoint_during: false }, "exit"],
    [{}, null],
  ])("reads the durability of %j", (body, durability) => {
    expect(request(body).durability).toBe(durability);
  });

  test("keeps a thread only when told so in so many words", () => {
    expect(request({ on_completion: "keep" }).onCompletion).toBe("keep");
    expect(request({ on_completion: "continue" }).onCompletion).toBe("delete");
  });
});

describe("runView", () => {
  const at = new Date("2026-01-02T03:04:05.678Z");
  const run: Run = {
    id: asRunId("r"),
    threadId: asThreadId("t"),
    assistantId: asAssistantId("a"),
    status: "success",
    metadata: { m: 1 },
    multitaskStrategy: "enqueue",
    createdAt: at,
    updatedAt: at,
    runAfter: at,
    startedAt: at,
    endedAt: at,
    attempt: 2,
    fence: 3,
    cancelAction: null,
    error: null,
    tapeFrom: 7,
    checkpointId: "c",
    spec: {
      graphId: "agent",
      input: { i: 1 },
      command: { resume: false },
      config: { configurable: { k: 1 } },
      context: { c: 1 },
      streamModes: ["values", "messages-tuple"],
      streamSubgraphs: true,
      streamResumable: true,
      interruptBefore: "*",
      interruptAfter: ["n"],
      durability: "sync",
      feedbackKeys: ["f"],
      webhook: "/hook",
      temporary: true,
      attached: true,
    },
  };

  test("has exactly what clients know, and nothing of the machinery", () => {
    expect(runView(run)).toEqual({
      run_id: "r",
      thread_id: "t",
      assistant_id: "a",
      created_at: "2026-01-02T03:04:05.678Z",
      updated_at: "2026-01-02T03:04:05.678Z",
      status: "success",
      metadata: { m: 1 },
      multitask_strategy: "enqueue",
      kwargs: {
        input: { i: 1 },
        command: { resume: false },
        config: { configurable: { k: 1 } },
        context: { c: 1 },
        stream_mode: ["values", "messages-tuple"],
        interrupt_before: "*",
        interrupt_after: ["n"],
        webhook: "/hook",
        feedback_keys: ["f"],
        durability: "sync",
        temporary: true,
        subgraphs: true,
        resumable: true,
      },
    });
  });
});

import fc from "fast-check";
import { aCaller, anAssistant, aRequest, runId, threadId } from "../../test/facts.js";
import type { Assistant } from "../assistants/assistant.js";
import type { Caller } from "../auth/caller.js";
import type { Json, JsonObject } from "../json.js";
import { mergeRun } from "./merge-run.js";
import type { RunRequest } from "./run-request.js";

interface Given {
  readonly assistant?: Partial<Assistant>;
  readonly thread?: { readonly metadata?: JsonObject; readonly config?: JsonObject };
  readonly request?: Partial<RunRequest>;
  readonly caller?: Partial<Caller>;
}

const merge = ({ assistant, thread, request, caller }: Given) =>
  mergeRun(aRequest(request), {
    assistant: anAssistant(assistant),
    thread: { metadata: {}, config: {}, ...thread },
    runId: runId(7),
    threadId: threadId(7),
    caller: aCaller(caller),
  });

const IDS = { graph_id: "agent", assistant_id: anAssistant().id };
const configurable = (values: JsonObject) => ({ configurable: values });
const configurableOf = (given: Given) => merge(given).spec.config.configurable as JsonObject;

describe("configurable", () => {
  test("later ones win: assistant, thread, request, ids", () => {
    const given: Given = {
      assistant: { config: configurable({ a: "assistant", b: "assistant", c: "assistant", run_id: "assistant" }) },
      thread: { config: configurable({ b: "thread", c: "thread", thread_id: "thread" }) },
      request: { config: configurable({ c: "request", graph_id: "request", assistant_id: "request" }) },
    };

    expect(configurableOf(given)).toEqual({
      a: "assistant",
      b: "thread",
      c: "request",
      run_id: runId(7),
      thread_id: threadId(7),
      ...IDS,
    });
  });

  test("is there even when nobody configured anything", () => {
    expect(configurableOf({})).toEqual({ run_id: runId(7), thread_id: threadId(7), ...IDS });
  });

  test("has the checkpoint that the request names, over one hidden in the config", () => {
    const checkpoint = { checkpointId: "c-2", checkpointNs: "sub", checkpointMap: { "": "c-2" } };

    expect(configurableOf({ request: { config: configurable({ checkpoint_id: "c-1" }), checkpoint } })).toMatchObject({
      checkpoint_id: "c-2",
      checkpoint_ns: "sub",
      checkpoint_map: { "": "c-2" },
    });
  });

  test("has the tracer's fields that were given", () => {
    const traced = (projectName: string | null, exampleId: string | null) =>
      configurableOf({ request: { langsmithTracer: { projectName, exampleId } } });

    expect(traced("p", "e")).toMatchObject({ langsmith_project: "p", langsmith_example_id: "e" });
    expect(traced(null, null)).not.toHaveProperty("langsmith_project");
    expect(traced(null, null)).not.toHaveProperty("langsmith_example_id");
  });

  test("has the caller's headers and name", () => {
    const caller = { identity: "ann", headers: { "x-trace": "1", "user-agent": "curl" } };

    expect(configurableOf({ caller })).toMatchObject({ "x-trace": "1", "user-agent": "curl", user_id: "ann" });
  });

  test.each([
    ["what the request says", "bob", { request: { config: configurable({ user_id: "bob" }) } }],
    ["what the thread says", "bob", { thread: { config: configurable({ user_id: "bob" }) } }],
    ["the caller where nobody says", "ann", { request: { config: configurable({ user_id: "" }) } }],
  ] as const)("user_id is a label, not a proof: %s", (_what, userId, found) => {
    expect(configurableOf({ caller: { identity: "ann" }, ...found })).toMatchObject({ user_id: userId });
  });

  test.each(["langgraph_auth_user", "langgraph_auth_user_id", "langgraph_auth_permissions"])(
    "%s cannot be set from outside",
    (key) => {
      const spoofed = { config: configurable({ [key]: "root" }) };

      const merged = merge({ assistant: spoofed, thread: spoofed, request: spoofed });

      expect(merged.spec.config.configurable).not.toHaveProperty(key);
      expect(merged.thread.config.configurable).not.toHaveProperty(key);
    },
  );

  test("a configurable that is no object is ignored", () => {
    expect(configurableOf({ request: { config: { configurable: "?" } } })).toEqual(configurableOf({}));
  });

  test("the last layer that names a key decides it", () => {
    const layers = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.integer());
    fc.assert(
      fc.property(layers, layers, layers, (assistant, thread, request) => {
        const merged = configurableOf({
          assistant: { config: configurable(assistant) },
          thread: { config: configurable(thread) },
          request: { config: configurable(request) },
        });

        for (const key of ["a", "b", "c"]) expect(merged[key]).toBe(request[key] ?? thread[key] ?? assistant[key]);
      }),
    );
  });
});

describe("config", () => {
  test("takes the assistant's settings and the request's over them, but none of the thread's", () => {
    const { config } = merge({
      assistant: { config: { recursion_limit: 5, tags: ["a"] } },
      thread: { config: { recursion_limit: 7, max_concurrency: 1 } },
      request: { config: { tags: ["r"] } },
    }).spec;

    expect(config).toEqual({ recursion_limit: 5, tags: ["r"], configurable: expect.anything(), metadata: IDS });
  });

  test("says nothing of a recursion limit that nobody gave", () => {
    expect(merge({}).spec.config).not.toHaveProperty("recursion_limit");
  });

  test("its metadata ends with the run's", () => {
    const { config } = merge({
      assistant: { config: { metadata: { a: 1, b: 1, c: 1 } } },
      request: { config: { metadata: { b: 2, c: 2 } }, metadata: { c: 3 } },
    }).spec;

    expect(config.metadata).toEqual({ a: 1, b: 2, c: 3, ...IDS });
  });
});

describe("metadata of the run", () => {
  test("later ones win: assistant, thread, ids, request", () => {
    const { metadata } = merge({
      assistant: { metadata: { created_by: "system", a: 1, b: 1, c: 1 } },
      thread: { metadata: { b: 2, c: 2, graph_id: "former" } },
      request: { metadata: { c: 3 } },
    });

    expect(metadata).toEqual({ created_by: "system", a: 1, b: 2, c: 3, ...IDS });
  });
});

describe("what the thread takes over", () => {
  test("the graph, the assistant and the merged config", () => {
    const { thread } = merge({
      assistant: { config: { tags: ["a"], recursion_limit: 5, ...configurable({ x: 1, y: 1, z: 1 }) } },
      thread: { config: { recursion_limit: 6, ...configurable({ y: 2, z: 2 }) } },
      request: { config: { tags: ["r"], ...configurable({ z: 3 }) }, metadata: { mine: true } },
    });

    expect(thread).toEqual({
      metadata: IDS,
      config: { tags: ["r"], recursion_limit: 6, configurable: { x: 1, y: 2, z: 3 } },
      context: {},
    });
  });

  test("no header and no identity", () => {
    const { thread } = merge({
      caller: { identity: "ann", permissions: ["all"], user: { name: "Ann" }, headers: { "user-agent": "curl" } },
    });

    expect(thread.config).toEqual({ configurable: {} });
  });

  test("nothing that points at one run or one checkpoint, however it was given", () => {
    const once = { run_id: "r", thread_id: "t", checkpoint_id: "c", checkpoint_ns: "n", checkpoint_map: {} };

    const merged = merge({
      request: { config: configurable({ ...once, model: "m" }), checkpoint: { checkpointId: "c" } },
    });

    expect(merged.spec.config.configurable).toMatchObject({ checkpoint_id: "c", checkpoint_ns: "n", model: "m" });
    expect(merged.thread.config.configurable).toEqual({ model: "m" });
  });

  test("merging again over what was taken over changes nothing", () => {
    const dictionaries = fc.dictionary(fc.constantFrom("a", "b", "checkpoint_id"), fc.integer());
    fc.assert(
      fc.property(dictionaries, dictionaries, (assistant, request) => {
        const given: Given = {
          assistant: { config: configurable(assistant) },
          request: { config: configurable(request) },
        };
        const first = merge(given);

        expect(merge({ ...given, thread: first.thread })).toEqual(first);
      }),
    );
  });
});

describe("context", () => {
  test.each<[string, Json, Json, Json]>([
    ["two objects merge, the request's keys win", { a: 1, b: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ["an assistant's value that is no object wins", "fixed", { b: 2 }, "fixed"],
    ["an assistant's list wins", [1], { b: 2 }, [1]],
    ["an assistant's object wins over a request's value that is none", { a: 1 }, "text", { a: 1 }],
    ["the assistant's stays when the request says nothing", { a: 1 }, null, { a: 1 }],
    ["the request's is used when the assistant has none", null, { b: 2 }, { b: 2 }],
  ])("%s", (_rule, assistant, request, merged) => {
    expect(merge({ assistant: { context: assistant }, request: { context: request } }).spec.context).toEqual(merged);
  });
});

describe("stream modes", () => {
  test("are those that the request names", () => {
    expect(merge({ request: { streamModes: ["updates", "custom"] } }).spec.streamModes).toEqual(["updates", "custom"]);
  });

  test.each([null, []])("are values when it names none (%j)", (streamModes) => {
    expect(merge({ request: { streamModes } }).spec.streamModes).toEqual(["values"]);
  });

  test("of a background run that readers will resume are the ones they may want", () => {
    expect(merge({ request: { streamResumable: true } }).spec.streamModes).toEqual([
      "values",
      "updates",
      "messages-tuple",
      "custom",
    ]);
  });

  test("of a run that is read from the start stay values, resumable or not", () => {
    expect(merge({ request: { streamResumable: true, attached: true } }).spec.streamModes).toEqual(["values"]);
  });
});

describe("temporary", () => {
  test.each([
    ["delete", null, true],
    ["keep", null, false],
    ["delete", threadId(1), false],
  ] as const)("onCompletion %s on thread %s: %s", (onCompletion, thread, temporary) => {
    expect(merge({ request: { threadId: thread, onCompletion } }).spec.temporary).toBe(temporary);
  });
});

test("everything else is passed on as it came", () => {
  const asked = {
    input: { messages: [] },
    command: { resume: true },
    streamSubgraphs: true,
    streamResumable: true,
    interruptBefore: "*",
    interruptAfter: ["tool"],
    durability: "sync",
    feedbackKeys: ["stars"],
    webhook: "/hook",
    attached: true,
  } as const;

  expect(merge({ request: asked }).spec).toMatchObject({ ...asked, graphId: "agent" });
});

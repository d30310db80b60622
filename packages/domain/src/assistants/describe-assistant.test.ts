import { anAssistant, assistantId, graphs } from "../../test/facts.js";
import { fakeLedger } from "../../test/fakes.js";
import { ANONYMOUS } from "../auth/caller.js";
import { allowAll, type Authorizer } from "../auth/authorizer.js";
import type { GraphDescriber } from "../graphs/graph-describer.js";
import { makeDescribeAssistant } from "./describe-assistant.js";

/** Says what it was asked. */
const echo: GraphDescriber = {
  drawing: async (graphId, config, { xray }) => ({ graphId, config, xray }),
  schemas: async (graphId, config) => ({ graphId, config }),
  subgraphs: async (graphId, config, { namespace, recurse }) => ({
    graphId,
    config,
    namespace: namespace ?? null,
    recurse,
  }),
};

const config = { configurable: { model: "small" } };

function setUp({ authorizer = allowAll, known = ["agent"] }: { authorizer?: Authorizer; known?: string[] } = {}) {
  const storage = fakeLedger();
  storage.addAssistant(anAssistant({ config, metadata: { owner: "ann" } }));
  return makeDescribeAssistant({ storage, authorizer, graphs: graphs(...known), describer: echo });
}

test("describes the assistant's graph with the assistant's config", async () => {
  const assistants = setUp();
  const asked = { graphId: "agent", config };

  expect(await assistants.drawing(assistantId(1), { xray: 2 }, ANONYMOUS)).toEqual({ ...asked, xray: 2 });
  expect(await assistants.schemas(assistantId(1), ANONYMOUS)).toEqual(asked);
  expect(await assistants.subgraphs(assistantId(1), { namespace: "a|b", recurse: true }, ANONYMOUS)).toEqual({
    ...asked,
    namespace: "a|b",
    recurse: true,
  });
});

test.each([assistantId(9), "nobody"])("there is no assistant %s", async (reference) => {
  await expect(setUp().schemas(reference, ANONYMOUS)).rejects.toMatchObject({ code: "assistant_not_found" });
});

test("what the caller may not read does not exist", async () => {
  const onlyBobs: Authorizer = {
    authorize: async (_caller, event, value) => {
      expect([event, value]).toEqual(["assistants:read", { assistant_id: assistantId(1) }]);
      return { scope: { conditions: [{ key: "owner", operator: "eq", value: "bob" }] }, value };
    },
  };

  await expect(setUp({ authorizer: onlyBobs }).schemas(assistantId(1), ANONYMOUS)).rejects.toMatchObject({
    code: "assistant_not_found",
  });
});

test("a graph that left the project cannot be described", async () => {
  await expect(setUp({ known: ["other"] }).schemas(assistantId(1), ANONYMOUS)).rejects.toMatchObject({
    code: "graph_not_found",
  });
});

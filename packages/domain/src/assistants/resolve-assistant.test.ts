import { anAssistant, assistantId, graphs } from "../../test/facts.js";
import { fakeLedger } from "../../test/fakes.js";
import type { Authorizer } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { WHOLE_HOUSE } from "../auth/scope.js";
import { systemAssistantId } from "../ids.js";
import { assistantIdOf, assistantToRun, resolveAssistant } from "./resolve-assistant.js";

describe("assistantIdOf", () => {
  test.each([
    ["agent", "fe096781-5601-53d2-b2f6-0d3403f7e9ca"],
    ["simple_runtime", "14c4a82c-001b-58a5-bc2a-f4f16ddcb167"],
    ["weather", "5fb44052-6611-57fc-99b4-527b0d62f788"],
    ["delay", "6b64a346-58f7-5a01-a694-0f1366439004"],
    ["error", "b1020f32-4a55-54cf-8b58-9a87be49a14c"],
    ["dynamic", "f4f3e31f-49aa-5884-8008-978efe2c7a32"],
  ])("graph %s stands for the assistant that every server gives it", (graphId, id) => {
    expect(assistantIdOf(graphId, graphs(graphId))).toBe(id);
  });

  test("a UUID names itself, in lower case", () => {
    expect(assistantIdOf(assistantId(1).toUpperCase(), graphs("agent"))).toBe(assistantId(1));
  });

  test("a graph wins over an assistant with the same name", () => {
    const name = assistantId(1);

    expect(assistantIdOf(name, graphs(name))).not.toBe(name);
  });

  test("any other text names nothing", () => {
    expect(assistantIdOf("nobody", graphs("agent"))).toBeNull();
  });
});

describe("resolveAssistant", () => {
  const owned = anAssistant({ metadata: { owner: "ann" } });
  const setUp = () => {
    const ledger = fakeLedger();
    ledger.addAssistant(owned);
    return { assistants: ledger.assistants, graphs: graphs("agent") };
  };

  test("finds the assistant", async () => {
    await expect(resolveAssistant(owned.id, setUp(), WHOLE_HOUSE)).resolves.toEqual(owned);
  });

  test.each([assistantId(9), "agent", "nobody"])("says that there is none for %s", async (reference) => {
    await expect(resolveAssistant(reference, setUp(), WHOLE_HOUSE)).rejects.toMatchObject({
      code: "assistant_not_found",
      message: `No assistant found for "${reference}". Make sure the assistant ID is for a valid assistant or a valid graph ID.`,
    });
  });

  test("an assistant outside the scope does not exist", async () => {
    const bobs = { conditions: [{ key: "owner", operator: "eq", value: "bob" }] } as const;

    await expect(resolveAssistant(owned.id, setUp(), bobs)).rejects.toMatchObject({ code: "assistant_not_found" });
  });

  test("an assistant of a graph that left the project cannot be used", async () => {
    await expect(
      resolveAssistant(owned.id, { ...setUp(), graphs: graphs("other") }, WHOLE_HOUSE),
    ).rejects.toMatchObject({ code: "graph_not_found", details: { graph_id: "agent", known_graphs: ["other"] } });
  });
});

describe("assistantToRun", () => {
  const owners: Authorizer = {
    authorize: async (_caller, _event, value) => ({
      scope: { conditions: [{ key: "owner", operator: "eq", value: "ann" }] },
      value,
    }),
  };
  const setUp = () => {
    const ledger = fakeLedger();
    ledger.addAssistant(anAssistant({ id: systemAssistantId("broken"), graphId: "broken" }));
    const catalog = { ...graphs("agent", "broken"), ids: () => ["agent"], failure: () => "It broke." };
    return { assistants: ledger.assistants, graphs: catalog, authorizer: owners };
  };

  test.each(["broken", systemAssistantId("broken")])("says why a broken graph cannot run, by %s", async (reference) => {
    await expect(assistantToRun(reference, setUp(), ANONYMOUS)).rejects.toMatchObject({
      code: "graph_failed",
      message: "It broke.",
    });
  });
});

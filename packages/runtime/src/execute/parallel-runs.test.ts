import { Annotation, getConfig, getStore, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import { claimedRun, perform, runnerOf } from "../../test/harness.js";

const RUNS = 50;

const State = Annotation.Root({
  name: Annotation<string>(),
  outer: Annotation<string[]>(),
  inner: Annotation<string[]>(),
});

/** Opens when everybody is here: so all runs are in the same node of the same graph at once. */
function meetingOf(count: number): () => Promise<void> {
  let missing = count;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    missing -= 1;
    if (missing === 0) open();
    return opened;
  };
}

test("fifty runs at once of one compiled graph each see their own settings, context, user, thread and stream", async () => {
  const [outside, inside] = [meetingOf(RUNS), meetingOf(RUNS)];
  const child = new StateGraph(State)
    .addNode("within", async (_state, given) => {
      await inside();
      return { inner: [whoami(given), whoami(getConfig())] };
    })
    .addEdge(START, "within")
    .compile();
  const graph = new StateGraph(State)
    .addNode("without", async (state, given: LangGraphRunnableConfig) => {
      await outside();
      given.writer?.({ from: state.name });
      const store = getStore();
      await store?.put([state.name], "mine", { name: state.name });
      const kept = await store?.search([state.name]);
      return { outer: [whoami(given), ...(kept ?? []).map(({ value }) => String(value["name"]))] };
    })
    .addNode("sub", child)
    .addEdge(START, "without")
    .addEdge("without", "sub")
    .compile();
  const before = Object.entries(graph);
  const runner = runnerOf({ graph });

  const all = await Promise.all(
    Array.from({ length: RUNS }, async (_, index) => {
      const name = `${index}-run`;
      const run = claimedRun(
        {
          input: { name },
          context: { name },
          config: { configurable: { name }, tags: [name] },
          streamModes: ["custom"],
        },
        { auth: { user: { identity: name }, identity: name, permissions: [] } },
      );
      return { name, run, done: await perform(runner, run) };
    }),
  );

  for (const { name, run, done } of all) {
    const me = [name, name, name, run.threadId, run.id].join(" ");
    expect(done.finish.values).toEqual({ name, outer: [me, name], inner: [me, me] });
    expect(done.events.filter(({ event }) => event === "custom").map(({ data }) => data)).toEqual([{ from: name }]);
  }
  // The project's own object is as it was: nobody's checkpointer or store stays in it.
  expect(Object.entries(graph)).toEqual(before);
  // Fifty at once may take a while on a busy machine.
}, 60_000);

function whoami({ configurable, context }: LangGraphRunnableConfig): string {
  const { name, langgraph_auth_user_id: user, thread_id: thread, run_id: run } = configurable ?? {};
  return [name, (context as { name?: string } | undefined)?.name, user, thread, run].join(" ");
}

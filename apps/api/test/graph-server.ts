import { fileURLToPath } from "node:url";
import type { RingConsumer } from "@graphfleet/domain";
import { loadProject, openRuntime, type Runtime } from "@graphfleet/runtime";
import { silentLog } from "@graphfleet/testkit";
import { openApi, type TestApi } from "./open-api.js";
import { startTestWorker } from "./test-worker.js";

/** An API over the real engine, with a worker that executes the graphs of tests/graphs. */
export interface GraphServer extends TestApi {
  get(path: string): ReturnType<TestApi["call"]>;
  post(path: string, body?: object): ReturnType<TestApi["call"]>;
  /** A new thread's id. */
  makeThread(body?: object): Promise<string>;
  /** The id of a thread on which the graph has run; throws what the server said if it did not. */
  ranOn(graph: string, input: object): Promise<string>;
}

/** Opens one; `close` stops its worker too. */
export async function openGraphServer(): Promise<GraphServer> {
  const project = await loadProject(fileURLToPath(new URL("../../../tests/graphs/langgraph.json", import.meta.url)));
  let runtime: Runtime;
  const server = await openApi(async ({ pool, storage }) => {
    runtime = await openRuntime({ project, pool, storage, log: silentLog });
    return { catalog: runtime.catalog, states: runtime.states };
  });
  const worker: RingConsumer = startTestWorker(server, async (run, tape) => {
    const finish = await runtime.runner.execute(run, {
      signal: new AbortController().signal,
      emit: (event) => tape.append(event),
      told: () => tape.caughtUp(),
    });
    const { values, interrupts, next, checkpointId } = finish;
    return { values, interrupts, paused: next.length > 0, checkpointId };
  });

  const post = (path: string, body?: object) => server.call("POST", path, body);
  const makeThread = async (body: object = {}) => {
    const { thread_id } = (await post("/threads", body)).json as { thread_id: string };
    return thread_id;
  };
  return {
    ...server,
    get: (path) => server.call("GET", path),
    post,
    makeThread,
    ranOn: async (graph, input) => {
      const id = await makeThread();
      const { status, text } = await post(`/threads/${id}/runs/wait`, { assistant_id: graph, input });
      if (status !== 200) throw new Error(text);
      return id;
    },
    close: async () => {
      await worker.close();
      await server.close();
    },
  };
}

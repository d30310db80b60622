import type { StreamMode } from "@graphfleet/domain";
import type { CompiledGraph, GraphEvent, GraphOptions } from "../compiled-graph.js";

/** Something the graph said: a chunk of a stream mode, or an event of `streamEvents`. */
export type Utterance = Chunk | { readonly kind: "event"; readonly event: GraphEvent };

interface Chunk {
  readonly kind: "chunk";
  readonly ns: readonly string[];
  readonly mode: string;
  readonly payload: unknown;
}

/** Whether it is the state of the graph itself, not of a subgraph. */
export const isState = (said: Utterance): said is Chunk =>
  said.kind === "chunk" && said.mode === "values" && said.ns.length === 0;

/** The library's modes for the modes a run asked for. `values` is always among them: it is what waiters get. */
export function libraryModes(modes: readonly StreamMode[]): readonly string[] {
  const wanted = new Set<string>(["values"]);
  for (const mode of modes) {
    if (mode === "messages" || mode === "messages-tuple") wanted.add("messages");
    else if (mode !== "events") wanted.add(mode);
  }
  return [...wanted];
}

/** Executes the graph. With `events` everything comes out of the event stream, in its order; it costs more. */
export async function* graphStream(
  graph: CompiledGraph,
  input: unknown,
  options: GraphOptions,
  withEvents: boolean,
): AsyncGenerator<Utterance> {
  if (withEvents) {
    yield* eventStream(graph, input, options);
    return;
  }
  for await (const chunk of await graph.stream(input, options)) yield toUtterance(chunk, options.subgraphs);
}

async function* eventStream(graph: CompiledGraph, input: unknown, options: GraphOptions): AsyncGenerator<Utterance> {
  for await (const event of graph.streamEvents(input, { ...options, version: "v2" })) {
    if (event.tags?.includes("langsmith:hidden")) continue;
    // Chunks of the graph itself are its stream; those of chains inside of it are events like others.
    if (event.event === "on_chain_stream" && event.run_id === options.runId) {
      yield toUtterance(event.data.chunk, options.subgraphs);
    } else {
      yield { kind: "event", event };
    }
  }
}

function toUtterance(chunk: unknown, subgraphs: boolean): Utterance {
  // Several modes were asked for, so the library names the mode, and the namespace when there are subgraphs.
  const [ns, mode, payload] = (subgraphs ? chunk : [[], ...(chunk as unknown[])]) as [string[], string, unknown];
  return { kind: "chunk", ns, mode, payload };
}

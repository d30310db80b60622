import {
  type CheckpointRepository,
  type Cipher,
  type ClaimedRun,
  claimOf,
  type GraphFinish,
  type GraphIo,
  type GraphRunner,
  type GraphThread,
  objectOrEmpty,
  type RestingState,
} from "@graphfleet/domain";
import type { BaseStore } from "@langchain/langgraph-checkpoint";
import type pg from "pg";
import { FleetSaver } from "../checkpoints/fleet-saver.js";
import { sealedSerde } from "../checkpoints/sealed-serde.js";
import type { CompiledGraph } from "../compiled-graph.js";
import type { GraphLibrary } from "../project/graph-library.js";
import type { GraphRegistry } from "../project/graph-registry.js";
import { toJson } from "../serialize.js";
import { EventProjector } from "./event-projector.js";
import { addressFalsyAnswer } from "./falsy-answer.js";
import { graphStream, isState, libraryModes } from "./graph-stream.js";
import { type AttemptPlan, planAttempt } from "./plan-attempt.js";
import { durabilityOf, graphOptions, runConfigurable } from "./run-config.js";
import { toCommand } from "./to-command.js";
import { answeredTasks, checkpointIdOf, interruptsOf, RunOutput } from "./run-output.js";

export interface RunnerParts {
  readonly graphs: GraphRegistry;
  readonly pool: pg.Pool;
  readonly checkpoints: CheckpointRepository;
  readonly store: BaseStore;
  /** What seals checkpoints; none leaves them readable. */
  readonly cipher?: Cipher | null;
  /** Version of LangGraph, for labels. */
  readonly libraryVersion: string;
}

/** Executes runs with LangGraph, on checkpoints in Postgres. */
export class FleetRunner implements GraphRunner {
  readonly #parts: RunnerParts;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  async execute(run: ClaimedRun, io: GraphIo): Promise<GraphFinish> {
    io.signal.throwIfAborted();
    const stop = linkedAbort(io.signal);
    const saver = run.spec.temporary ? null : this.#saver(run, io, (error) => stop.abort(error));
    try {
      return await this.#perform(run, saver, {
        signal: stop.signal,
        emit: (event) => io.emit(event),
        told: () => io.told(),
      });
    } catch (error) {
      // What was done before the end is kept, if the ledger still takes it from us.
      await saver?.flush().catch(() => undefined);
      if (saver?.failure) throw saver.failure.error;
      if (io.signal.aborted) throw io.signal.reason;
      throw error;
    } finally {
      stop.unlink();
      saver?.close();
    }
  }

  async snapshot(thread: GraphThread, options: { readonly without: string | null }): Promise<RestingState> {
    const saver = new FleetSaver(
      this.#parts.pool,
      this.#parts.checkpoints,
      { kind: "read" },
      sealedSerde(this.#parts.graphs.library(thread.graphId).serde, this.#parts.cipher),
    );
    if (options.without !== null) await saver.pretendWithout(thread.id, options.without);
    const graph = await this.#parts.graphs.get(thread.graphId, {
      access: "threads.read",
      config: { configurable: { ...objectOrEmpty(thread.config["configurable"]) } },
      checkpointer: saver,
      store: this.#parts.store,
    });
    const state = await graph.getState({ configurable: { thread_id: thread.id, checkpoint_ns: "" } });
    const checkpointId = checkpointIdOf(state);
    return {
      values: checkpointId === null ? null : toJson(state.values),
      interrupts: interruptsOf(state, await answeredTasks(saver, state)),
      next: [...state.next],
      checkpointId,
    };
  }

  async #perform(run: ClaimedRun, saver: FleetSaver | null, io: GraphIo): Promise<GraphFinish> {
    const graph = await this.#graph(run, saver);
    const plan: AttemptPlan = saver ? await planAttempt(graph, saver, run) : "begin";
    const output = new RunOutput();
    if (plan !== "rest") await this.#stream(graph, run, plan, output, io);
    if (!saver) return output.finishTemporary();

    await saver.flush();
    const state = await graph.getState({ configurable: { thread_id: run.threadId, checkpoint_ns: "" } });
    return output.finish(state, await answeredTasks(saver, state));
  }

  async #stream(
    graph: CompiledGraph,
    run: ClaimedRun,
    plan: AttemptPlan,
    output: RunOutput,
    io: GraphIo,
  ): Promise<void> {
    const projector = new EventProjector(run.spec, (event) => io.emit(event));
    const options = graphOptions(run, {
      streamMode: libraryModes(run.spec.streamModes),
      signal: io.signal,
      libraryVersion: this.#parts.libraryVersion,
      fromHead: plan === "go_on",
      durability: durabilityOf(run, graph),
    });
    const input = plan === "go_on" ? null : await inputOf(graph, run, this.#parts.graphs.library(run.spec.graphId));
    // The library begins with the state that it goes on from. Readers have had it: a step is saved when they were told.
    let isKnown = plan === "go_on";
    for await (const said of graphStream(graph, input, options, run.spec.streamModes.includes("events"))) {
      output.note(said);
      if (isKnown && isState(said)) {
        projector.recall(said.payload);
        isKnown = false;
      } else projector.project(said);
    }
  }

  #graph(run: ClaimedRun, saver: FleetSaver | null): Promise<CompiledGraph> {
    return this.#parts.graphs.get(run.spec.graphId, {
      access: "threads.create_run",
      config: { ...run.spec.config, configurable: runConfigurable(run, false) },
      context: run.spec.context,
      store: this.#parts.store,
      ...(saver ? { checkpointer: saver } : {}),
    });
  }

  #saver(run: ClaimedRun, io: GraphIo, onFailure: (error: unknown) => void): FleetSaver {
    return new FleetSaver(
      this.#parts.pool,
      this.#parts.checkpoints,
      {
        kind: "claimed",
        claim: claimOf(run),
        awaitWrites: run.spec.durability === "sync",
        told: () => io.told(),
        onFailure,
      },
      sealedSerde(this.#parts.graphs.library(run.spec.graphId).serde, this.#parts.cipher),
    );
  }
}

/** What the graph is started with: the input as it came, or the command that replaces it. Null = go on. */
async function inputOf(graph: CompiledGraph, run: ClaimedRun, library: GraphLibrary): Promise<unknown> {
  const { command, input } = run.spec;
  return command === null ? input : toCommand(await addressFalsyAnswer(graph, run, command), library);
}

/** A controller that follows a signal, and that can also be aborted on its own. */
function linkedAbort(signal: AbortSignal) {
  const controller = new AbortController();
  const follow = () => controller.abort(signal.reason);
  signal.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason: unknown) => controller.abort(reason),
    unlink: () => signal.removeEventListener("abort", follow),
  };
}

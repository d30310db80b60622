import {
  type CheckpointRepository,
  type CheckpointSelector,
  type Cipher,
  DomainError,
  graphFailed,
  type GraphStates,
  type GraphThread,
  type HistoryQuery,
  objectOrEmpty,
  type PreparedUpdate,
  type StateSnapshot,
  type StateUpdate,
  type SuperstepUpdate,
} from "@graphfleet/domain";
import type { BaseStore } from "@langchain/langgraph-checkpoint";
import type pg from "pg";
import { FleetSaver } from "../checkpoints/fleet-saver.js";
import { sealedSerde } from "../checkpoints/sealed-serde.js";
import type { CompiledGraph, GraphConfig } from "../compiled-graph.js";
import { describeError } from "../describe-error.js";
import { toCommand } from "../execute/to-command.js";
import { interruptsOf, outputText } from "../execute/run-output.js";
import type { GraphRegistry } from "../project/graph-registry.js";
import { toJson } from "../serialize.js";
import { checkpointRef, stateView } from "./state-view.js";

export interface StatesParts {
  readonly graphs: GraphRegistry;
  readonly pool: pg.Pool;
  readonly checkpoints: CheckpointRepository;
  readonly store: BaseStore;
  /** What seals checkpoints; none leaves them readable. */
  readonly cipher?: Cipher | null;
}

/** Errors of the library that mean: the request does not fit the graph. */
const REFUSALS = new Set(["InvalidUpdateError", "EmptyInputError", "ZodError"]);
const REFUSAL_TEXT = /^Subgraph ".*" not found$|^Input chunk must be an object|^No (supersteps|updates) provided/;

/** Threads' states, read and edited with the graphs' own channels and reducers. */
export class FleetStates implements GraphStates {
  readonly #parts: StatesParts;

  constructor(parts: StatesParts) {
    this.#parts = parts;
  }

  async get(
    thread: GraphThread,
    options: { readonly checkpoint?: CheckpointSelector; readonly subgraphs: boolean },
  ): Promise<StateSnapshot> {
    const { graph } = await this.#open(thread, "read");
    const config = placeOn(thread, options.checkpoint);
    return stateView(await telling(() => graph.getState(config, { subgraphs: options.subgraphs })), options.checkpoint);
  }

  async history(thread: GraphThread, query: HistoryQuery): Promise<readonly StateSnapshot[]> {
    const { graph } = await this.#open(thread, "read");
    const states: StateSnapshot[] = [];
    await telling(async () => {
      const found = graph.getStateHistory(placeOn(thread, query.checkpoint), {
        limit: query.limit,
        ...(query.before === undefined ? {} : { before: { configurable: { checkpoint_id: query.before } } }),
        ...(query.metadata === undefined ? {} : { filter: query.metadata }),
      });
      for await (const snapshot of found) states.push(stateView(snapshot));
    });
    return states;
  }

  prepareUpdate(thread: GraphThread, update: StateUpdate): Promise<PreparedUpdate> {
    return this.#prepare(thread, placeOn(thread, update.checkpoint), [
      [{ values: update.values, ...(update.asNode === undefined ? {} : { asNode: update.asNode }) }],
    ]);
  }

  prepareSupersteps(thread: GraphThread, supersteps: readonly (readonly SuperstepUpdate[])[]): Promise<PreparedUpdate> {
    const library = this.#parts.graphs.library(thread.graphId);
    const updates = supersteps.map((updates) =>
      updates.map(({ values, command, asNode }) => ({
        values: command ? toCommand(command, library) : values,
        asNode,
      })),
    );
    return this.#prepare(thread, placeOn(thread, undefined), updates);
  }

  async output(thread: GraphThread, checkpointId: string | null): Promise<string> {
    const { graph, saver } = await this.#open(thread, "read");
    if (checkpointId !== null) await saver.pretendHead(thread.id, checkpointId);
    const state = await telling(() => graph.getState(placeOn(thread, undefined)));
    const pause = Object.values(interruptsOf(state)).flat();
    return outputText(state.values, pause.length > 0 ? pause : null);
  }

  async #prepare(
    thread: GraphThread,
    config: GraphConfig,
    supersteps: readonly (readonly { readonly values: unknown; readonly asNode?: string }[])[],
  ): Promise<PreparedUpdate> {
    // First the head, then everything else: what changes in between makes the use case compute again.
    const basedOn = await this.#parts.checkpoints.head(thread.id, "");
    const { graph, saver } = await this.#open(thread, "update");
    const written = await telling(() =>
      graph.bulkUpdateState(
        { ...config, metadata: { graph_id: thread.graphId } },
        supersteps.map((updates) => ({ updates })),
      ),
    );
    const checkpoint = checkpointRef(written);
    if (!checkpoint) throw graphFailed("The graph wrote no checkpoint");

    const state = await telling(() => graph.getState(placeOn(thread, undefined)));
    return {
      batches: saver.heldBatches(),
      basedOn,
      checkpoint,
      snapshot: { values: toJson(state.values), interrupts: interruptsOf(state) },
      next: [...state.next],
    };
  }

  async #open(thread: GraphThread, purpose: "read" | "update"): Promise<{ graph: CompiledGraph; saver: FleetSaver }> {
    const saver = new FleetSaver(
      this.#parts.pool,
      this.#parts.checkpoints,
      {
        kind: purpose === "read" ? "read" : "held",
      },
      sealedSerde(this.#parts.graphs.library(thread.graphId).serde, this.#parts.cipher),
    );
    const graph = await telling(() =>
      this.#parts.graphs.get(thread.graphId, {
        access: purpose === "read" ? "threads.read" : "threads.update",
        config: { configurable: { ...objectOrEmpty(thread.config["configurable"]), thread_id: thread.id } },
        checkpointer: saver,
        store: this.#parts.store,
      }),
    );
    return { graph, saver };
  }
}

/** Only ids: what else a run was configured with concerns the graph's making, not where its state is. */
function placeOn(thread: GraphThread, checkpoint: CheckpointSelector | undefined): GraphConfig {
  return {
    configurable: {
      thread_id: thread.id,
      checkpoint_ns: checkpoint?.checkpointNs ?? "",
      ...(checkpoint?.checkpointId === undefined ? {} : { checkpoint_id: checkpoint.checkpointId }),
      ...(checkpoint?.checkpointMap === undefined ? {} : { checkpoint_map: checkpoint.checkpointMap }),
    },
  };
}

/** Tells a request that does not fit from a graph that fails; outages stay what they are. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const { error: name, message } = describeError(error);
    if (REFUSALS.has(name) || REFUSAL_TEXT.test(message)) {
      throw new DomainError("invalid_request", message, {}, error);
    }
    throw graphFailed(`${name}: ${message}`, error);
  }
}

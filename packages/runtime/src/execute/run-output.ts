import type { GraphFinish, Interrupt, Interrupts } from "@graphfleet/domain";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type { GraphSnapshot } from "../compiled-graph.js";
import { stringify, toJson } from "../serialize.js";
import { isState, type Utterance } from "./graph-stream.js";

/** Remembers the last state that the graph itself put out: the answer of `wait`. */
export class RunOutput {
  #last: unknown;
  #paused = false;

  note(said: Utterance): void {
    if (!isState(said)) return;
    if (isPause(said.payload)) this.#paused = true;
    else this.#last = said.payload;
  }

  /** How a run with checkpoints ended: the thread's state, and the answer of `wait`. */
  finish(state: GraphSnapshot, answered: ReadonlySet<string>): GraphFinish {
    const interrupts = interruptsOf(state, answered);
    const pause = state.next.length > 0 ? Object.values(interrupts).flat() : null;
    return {
      values: toJson(state.values),
      interrupts,
      next: [...state.next],
      checkpointId: checkpointIdOf(state),
      output: outputText(this.#last ?? state.values, pause),
    };
  }

  /** How a run without checkpoints ended: there is only what it put out. */
  finishTemporary(): GraphFinish {
    return {
      values: toJson(this.#last ?? null),
      interrupts: {},
      next: [],
      checkpointId: null,
      output: outputText(this.#last, this.#paused ? [] : null),
    };
  }
}

/** The answer of `wait`: never null, because clients look for keys in it. */
export function outputText(values: unknown, pause: readonly Interrupt[] | null): string {
  if (pause === null) return stringify(values ?? {});
  const state = typeof values === "object" && values !== null && !Array.isArray(values) ? values : {};
  return stringify({ ...state, __interrupt__: pause });
}

/** Interrupts that wait for an answer, by task. `answered` are tasks to leave out, see `answeredTasks`. */
export function interruptsOf(state: GraphSnapshot, answered: ReadonlySet<string> = NONE): Interrupts {
  const waiting = state.tasks.filter((task) => task.interrupts.length > 0 && !answered.has(task.id));
  return Object.fromEntries(waiting.map((task) => [task.id, task.interrupts.map(toInterrupt)]));
}

/** What a task writes that has not come to its end. */
const UNFINISHED: readonly string[] = ["__interrupt__", "__error__", "__resume__"];
const NONE: ReadonlySet<string> = new Set();

/**
 * Tasks that asked, were answered and came to their end while others of their step still wait. The library goes on
 * showing their questions until the step is complete; only what they wrote tells.
 */
export async function answeredTasks(saver: BaseCheckpointSaver, state: GraphSnapshot): Promise<ReadonlySet<string>> {
  const asked = state.tasks.filter(({ interrupts }) => interrupts.length > 0);
  if (asked.length < 2) return NONE;
  const { pendingWrites = [] } = (await saver.getTuple(state.config)) ?? {};
  return new Set(pendingWrites.filter(([, channel]) => !UNFINISHED.includes(channel)).map(([task]) => task));
}

export function toInterrupt(interrupt: { readonly id?: string; readonly value?: unknown }): Interrupt {
  return { id: interrupt.id ?? "", value: toJson(interrupt.value) };
}

export function checkpointIdOf(state: GraphSnapshot): string | null {
  // Without a checkpoint the library echoes the config it was asked with.
  const id = state.createdAt === undefined ? null : state.config.configurable?.["checkpoint_id"];
  return typeof id === "string" ? id : null;
}

function isPause(payload: unknown): boolean {
  return typeof payload === "object" && payload !== null && "__interrupt__" in payload;
}

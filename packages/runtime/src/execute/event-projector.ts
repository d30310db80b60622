import type { RunSpec, StreamMode, TapeEvent } from "@graphfleet/domain";
import { stringify } from "../serialize.js";
import { checkpointView, debugView, isCheckpointNote } from "./checkpoint-view.js";
import type { Utterance } from "./graph-stream.js";
import { LegacyMessages } from "./legacy-messages.js";

/** Turns what a graph says into the events of the modes that its run asked for. */
export class EventProjector {
  readonly #wanted: ReadonlySet<StreamMode>;
  readonly #emit: (event: TapeEvent) => void;
  readonly #legacy: LegacyMessages | null;

  constructor(spec: RunSpec, emit: (event: TapeEvent) => void) {
    this.#wanted = new Set(spec.streamModes);
    this.#emit = emit;
    this.#legacy = this.#wanted.has("messages") ? new LegacyMessages() : null;
  }

  /** Takes note of a state that an earlier attempt has told of. */
  recall(values: unknown): void {
    this.#legacy?.onValues(values);
  }

  project(said: Utterance): void {
    if (said.kind === "event") {
      if (this.#wanted.has("events")) this.#send("events", [], said.event);
      return;
    }

    const { mode, ns, payload } = said;
    switch (mode) {
      case "messages":
        if (this.#wanted.has("messages-tuple")) this.#send("messages", ns, payload);
        for (const { event, data } of this.#legacy?.onMessage(payload) ?? []) this.#send(event, [], data);
        return;
      case "values":
        if (this.#wanted.has("values")) this.#send("values", ns, payload);
        if (ns.length > 0) return;
        for (const { event, data } of this.#legacy?.onValues(payload) ?? []) this.#send(event, [], data);
        return;
      case "checkpoints":
        if (this.#wanted.has("checkpoints") && !isCheckpointNote(payload)) {
          this.#send("checkpoints", ns, checkpointView(payload));
        }
        return;
      case "debug":
        this.#send("debug", ns, debugView(payload));
        return;
      default:
        this.#send(mode, ns, payload);
    }
  }

  #send(event: string, ns: readonly string[], data: unknown): void {
    this.#emit({ event, ...(ns.length > 0 ? { ns } : {}), data: stringify(data) });
  }
}

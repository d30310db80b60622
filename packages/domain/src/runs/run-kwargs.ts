import type { RunSpec } from "./run.js";

/** What a run executes, in wire names. Who it runs for is kept elsewhere and never shown. */
export const kwargsOf = (spec: RunSpec) => ({
  input: spec.input,
  ...(spec.command === null ? {} : { command: spec.command }),
  config: spec.config,
  context: spec.context,
  stream_mode: spec.streamModes,
  ...(spec.interruptBefore === null ? {} : { interrupt_before: spec.interruptBefore }),
  ...(spec.interruptAfter === null ? {} : { interrupt_after: spec.interruptAfter }),
  ...(spec.webhook === null ? {} : { webhook: spec.webhook }),
  ...(spec.feedbackKeys.length === 0 ? {} : { feedback_keys: spec.feedbackKeys }),
  ...(spec.durability === null ? {} : { durability: spec.durability }),
  temporary: spec.temporary,
  subgraphs: spec.streamSubgraphs,
  resumable: spec.streamResumable,
});

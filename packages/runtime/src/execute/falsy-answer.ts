import type { ClaimedRun, RunCommand } from "@graphfleet/domain";
import type { CompiledGraph } from "../compiled-graph.js";
import { runConfigurable } from "./run-config.js";
import { answeredTasks, interruptsOf } from "./run-output.js";

/**
 * The command, with an answer like `false`, `0` or `""` addressed to the one question that is open. The library takes
 * a falsy answer without an address for no answer at all, and `false` is what people say to "may I?".
 */
export async function addressFalsyAnswer(
  graph: CompiledGraph,
  run: ClaimedRun,
  command: RunCommand,
): Promise<RunCommand> {
  const { resume } = command;
  if (resume || resume === null || resume === undefined || typeof graph.checkpointer !== "object") return command;

  const { checkpoint_id, checkpoint_ns } = runConfigurable(run, false);
  const place = { thread_id: run.threadId, checkpoint_ns: checkpoint_ns ?? "" };
  const state = await graph.getState({ configurable: checkpoint_id ? { ...place, checkpoint_id } : place });
  const answered = await answeredTasks(graph.checkpointer, state);
  const [question, ...others] = Object.values(interruptsOf(state, answered)).flat();
  return question && others.length === 0 ? { ...command, resume: { [question.id]: resume } } : command;
}

import type { ClaimedRun } from "@graphfleet/domain";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { FleetSaver } from "../checkpoints/fleet-saver.js";
import type { CompiledGraph } from "../compiled-graph.js";

/**
 * What an attempt has to do.
 *
 * An earlier attempt may have died anywhere. If the newest checkpoint of the thread is its own, the input is in it, and
 * must not be given again. `rest` means that the graph had come to rest and only the settlement was missing: going on
 * would run past a breakpoint, or start a finished graph anew.
 */
export type AttemptPlan = "begin" | "go_on" | "rest";

export async function planAttempt(graph: CompiledGraph, saver: FleetSaver, run: ClaimedRun): Promise<AttemptPlan> {
  // Not by its attempt: what a stopping worker gave back has spent none, and has begun all the same.
  if (run.fence <= 1) return "begin";

  const head = await saver.getTuple({ configurable: { thread_id: run.threadId, checkpoint_ns: "" } });
  if (!head || labelOf(head, "run_id") !== run.id) return "begin";
  return (await isAtRest(graph, saver, run, head)) ? "rest" : "go_on";
}

async function isAtRest(
  graph: CompiledGraph,
  saver: FleetSaver,
  run: ClaimedRun,
  head: CheckpointTuple,
): Promise<boolean> {
  const thread = { thread_id: run.threadId, checkpoint_ns: "" };
  // By its id the library shows the checkpoint alone, without results of tasks that were finished after it.
  const atHead = await graph.getState({ configurable: { ...thread, checkpoint_id: head.checkpoint.id } });
  if (atHead.next.length === 0) return true;

  const now = await graph.getState({ configurable: thread });
  const asking = now.tasks.filter((task) => task.interrupts.length > 0).length;
  if (asking > 0 && asking === now.next.length) return true;

  // Tasks have begun: the graph was past its breakpoints.
  if ((head.pendingWrites ?? []).length > 0 || !hasNews(head)) return false;
  const before = run.spec.interruptBefore ?? graph.interruptBefore ?? [];
  const after = run.spec.interruptAfter ?? graph.interruptAfter ?? [];
  return stopsAt(before, atHead.next) || (after.length > 0 && stopsAt(after, await lastNodes(saver, head)));
}

const stopsAt = (breakpoints: readonly string[] | "*", nodes: readonly string[]) =>
  breakpoints === "*" ? nodes.length > 0 : nodes.some((node) => breakpoints.includes(node));

/** The library stops at breakpoints only when a channel changed since it last stopped or was resumed. */
function hasNews({ checkpoint }: CheckpointTuple): boolean {
  const seen = checkpoint.versions_seen["__interrupt__"] ?? {};
  return Object.entries(checkpoint.channel_versions).some(([channel, version]) => version > (seen[channel] ?? 0));
}

/** Nodes that ran in the step that made this checkpoint: those that have seen something their parent's had not. */
async function lastNodes(saver: FleetSaver, head: CheckpointTuple): Promise<readonly string[]> {
  const parent = head.parentConfig ? await saver.getTuple(head.parentConfig) : undefined;
  const before = parent?.checkpoint.versions_seen ?? {};
  return Object.entries(head.checkpoint.versions_seen)
    .filter(([node, seen]) => Object.entries(seen).some(([channel, version]) => before[node]?.[channel] !== version))
    .map(([node]) => node);
}

function labelOf(tuple: CheckpointTuple, label: string): unknown {
  return tuple.metadata ? (tuple.metadata as unknown as Record<string, unknown>)[label] : undefined;
}

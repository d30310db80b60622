/**
 * Runs that share a process with one that kills it. All write into `dir` what they do.
 *
 * `{ dir, mark }` says where it is and waits until the file `go` is there. `{ dir, mark, neighbours: 6 }` waits until it
 * has so many neighbours in its process, and kills it; with 0, at once. It was started once more than `patience` when it
 * stops looking for neighbours.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { END, type LangGraphRunnableConfig, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const NeighboursState = new StateSchema({
  dir: z.string(),
  mark: z.string(),
  neighbours: z.number().int().optional(),
  patience: z.number().int().default(3),
  survived: z.boolean().default(false),
});

export const graph = new StateGraph(NeighboursState)
  .addNode("live", async ({ dir, mark, neighbours, patience }, { metadata, signal }: LangGraphRunnableConfig) => {
    const attempt = Number(metadata?.["run_attempt"] ?? 1);
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await sleep(20, undefined, signal === undefined ? {} : { signal });
    };
    writeFileSync(join(dir, `${process.pid} ${mark} ${attempt}`), "");

    if (neighbours === undefined) {
      await until(() => existsSync(join(dir, "go")));
      return { survived: true };
    }
    const here = () => readdirSync(dir).filter((name) => name.startsWith(`${process.pid} `)).length - 1;
    if (attempt <= patience) await until(() => here() >= neighbours);
    execFileSync("kill", ["-KILL", String(process.pid)]);
    return {};
  })
  .addEdge(START, "live")
  .addEdge("live", END)
  .compile();

import { mkdirSync } from "node:fs";
import { Problem } from "../problem.js";
import { Progress } from "../progress.js";
import { prefixOf, readConfig } from "../shell/read-config.js";
import { banner } from "./banner.js";
import { mustBeFree } from "./checks.js";
import { Fleet, migrateInChild } from "./fleet.js";
import type { StartOptions } from "./start-options.js";
import { openPostgresStore, openRedisStore } from "./stores.js";

export interface StartIo {
  /** The environment that the processes of the fleet inherit. */
  readonly env: Record<string, string | undefined>;
  /** Progress and everything that the processes say. */
  readonly write: (text: string) => void;
  /** Aborted when the user wants to stop. */
  readonly stopping: AbortSignal;
}

/** Something that was opened and has to be closed, last opened first. */
type Closer = () => Promise<void>;

/**
 * `graphfleet start`: brings up the whole fleet, waits, and takes it down in order.
 *
 * @returns the exit code
 * @throws Problem when something cannot start; what was started before is stopped then
 */
export async function start(options: StartOptions, io: StartIo): Promise<number> {
  const closers: Closer[] = [];
  const broken = new AbortController();
  const line = (text: string): void => io.write(`${text}\n`);

  try {
    const project = await readConfig(options.configPath);
    const prefix = prefixOf(project, io.env);
    await mustBeFree(options.host, options.port);
    makeFolder(options.dataDir);

    const progress = new Progress(5, line);
    const say = (text: string): void => line(`      ${text}`);
    const postgres = await progress.step(
      "postgres",
      () => openPostgresStore(options, say),
      ({ described }) => described,
    );
    closers.push(() => postgres.stop());
    if (io.stopping.aborted) return 0;

    const redis = await progress.step(
      "redis",
      () => openRedisStore(options, say),
      (store) => store?.described ?? NO_REDIS,
    );
    if (redis !== null) closers.push(() => redis.stop());
    if (io.stopping.aborted) return 0;

    await progress.step("migrate", () => migrateInChild({ env: io.env, databaseUri: postgres.uri, write: io.write }));
    if (io.stopping.aborted) return 0;

    if (redis === null) {
      const stop = await progress.step(
        "fleet",
        async () => {
          // Loads all of LangGraph, which a supervisor of processes has no use for.
          const { startOneProcess } = await import("./one-process.js");
          return await startOneProcess({ options, databaseUri: postgres.uri, project, prefix, env: io.env });
        },
        () => "in this process",
      );
      closers.push(stop);
    } else {
      const fleet = new Fleet({
        options,
        databaseUri: postgres.uri,
        redisUri: redis.uri,
        prefix,
        env: io.env,
        write: io.write,
        onGiveUp: (name) => {
          line(`${name} keeps dying; stopping the fleet. What it said is above.`);
          broken.abort();
        },
      });
      closers.push(() => fleet.stop());
      await progress.step(
        "fleet",
        () => fleet.start(),
        () => fleetWords(options),
      );
    }
    if (io.stopping.aborted) return 0;

    const url = `http://localhost:${options.port}${prefix}`;
    const answered = await progress.step(
      "api",
      () =>
        graphsServed(
          url,
          project.graphs.map(({ id }) => id),
        ),
      (ids) => `${ids.length} graphs`,
    );
    io.write(
      banner({
        url,
        graphs: answered,
        postgres: postgres.described,
        redis: redis?.described ?? NO_REDIS,
        fleet: redis === null ? "API, worker and scheduler in one process" : fleetWords(options),
      }),
    );
    await aborted(AbortSignal.any([io.stopping, broken.signal]));
    return broken.signal.aborted ? 1 : 0;
  } finally {
    if (closers.length > 0) line("stopping …");
    for (const close of closers.toReversed()) await close();
    if (closers.length > 0) line("stopped");
  }
}

const NO_REDIS = "none: rings and tapes live in this process's memory";

const fleetWords = ({ workers, jobsPerWorker }: StartOptions): string =>
  `1 API, ${workers} worker${workers === 1 ? "" : "s"} × ${jobsPerWorker} runs, 1 scheduler`;

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new Problem(
      `The data folder ${path} cannot be made: ${(error as Error).message}. Name another one with --data-dir.`,
      { cause: error },
    );
  }
}

/**
 * Asks the API which of the project's graphs it serves: the last proof that everything works together. Where callers have
 * to log in we are nobody, and being turned away is the proof.
 */
async function graphsServed(url: string, graphIds: readonly string[]): Promise<readonly string[]> {
  const answers = await Promise.all(
    graphIds.map(async (id) => {
      const answer = await fetch(`${url}/assistants/${encodeURIComponent(id)}/graph`);
      // A factory may want more than a drawing can give it; a graph that did not load cannot be served at all.
      return { id, ok: answer.ok || !(await answer.text()).includes("could not be loaded") };
    }),
  );
  return answers.filter(({ ok }) => ok).map(({ id }) => id);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

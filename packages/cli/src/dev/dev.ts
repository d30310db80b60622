import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ProjectConfig } from "@graphfleet/runtime/project";
import { Problem } from "../problem.js";
import type { Input, Io } from "../shell/command.js";
import { prefixOf, readConfig } from "../shell/read-config.js";
import { banner } from "../start/banner.js";
import { mustBeFree } from "../start/checks.js";
import { migrateInChild } from "../start/fleet.js";
import { ownUrl } from "../start/own-url.js";
import type { StartOptions } from "../start/start-options.js";
import { openPostgresStore } from "../start/stores.js";
import { placeOf } from "../validate/validate.js";
import { devOptions, unheard } from "./dev-options.js";
import type { BrokenGraph } from "./messages.js";
import { type News, Reloader } from "./reloader.js";
import { launch } from "./server-process.js";
import { SourceWatcher, type Watched } from "./source-watcher.js";

/** A server that lived this long was not broken by the save before. */
const HEALTHY_MS = 10_000;

/**
 * `graphfleet dev`: serves the project from one process, and replaces that process when a source changes. Postgres and its
 * data stay; runs in flight go on in the next process.
 *
 * @returns the exit code
 * @throws Problem when something cannot start
 */
export async function dev(input: Input, io: Io): Promise<number> {
  const options = devOptions(input, io);
  const line = (text: string): void => io.write(`${text}\n`);
  for (const words of unheard(input)) line(words);

  const project = await readConfig(options.configPath);
  await mustBeFree(options.host, options.port);
  makeDataDir(options.dataDir);
  const stopping = io.stopping();
  const postgres = await openPostgresStore(options, (text) => line(io.paint.dim(text)));
  try {
    if (stopping.aborted) return 0;
    await migrateInChild({ env: io.env, databaseUri: postgres.uri, write: io.write });
    if (stopping.aborted) return 0;
    await serve({ input, io, options, project, postgres, line, stopping });
    return 0;
  } finally {
    line("stopping …");
    await postgres.stop();
    line("stopped");
  }
}

interface Serving {
  readonly input: Input;
  readonly io: Io;
  readonly options: StartOptions;
  readonly project: ProjectConfig;
  readonly postgres: { readonly uri: string; readonly described: string };
  readonly line: (text: string) => void;
  readonly stopping: AbortSignal;
}

async function serve({ input, io, options, project, postgres, line, stopping }: Serving): Promise<void> {
  const { paint, cwd } = io;
  const prefix = prefixOf(project, io.env);
  const url = `http://localhost:${options.port}${prefix}`;
  let first = true;
  let begunAt = performance.now();
  let servingSince = begunAt;

  const report = (news: News): void => {
    switch (news.kind) {
      case "serving": {
        servingSince = performance.now();
        for (const one of news.broken) line(paint.red(brokenWords(one, cwd)));
        const seconds = ((servingSince - begunAt) / 1000).toFixed(1);
        if (first) {
          const fleet = "API, worker and scheduler in one process, new at each save";
          const redis = "none: rings and tapes live in the process's memory";
          line(banner({ url, graphs: news.graphs, postgres: postgres.described, redis, fleet }));
          if (input.switches.has("browser") && io.env.BROWSER !== "none") openBrowser(`${url}/docs`);
        } else {
          line(paint.green(`reloaded in ${seconds} s: ${news.graphs.join(", ")}`));
        }
        first = false;
        break;
      }
      case "refused": {
        const { reason, stillServing } = news;
        if (typeof reason === "string") line(paint.red(reason));
        else for (const one of reason) line(paint.red(brokenWords(one, cwd)));
        line(
          stillServing ? "not reloaded: what worked before is still served" : "nothing is served until the next save",
        );
        break;
      }
      case "died": {
        line(paint.red(`the server ${news.how}`));
        if (performance.now() - servingSince > HEALTHY_MS) void reloader.reload();
        else line("nothing is served until the next save");
        break;
      }
    }
  };
  const env = {
    ...io.env,
    NODE_ENV: io.env.NODE_ENV ?? "development",
    LANGGRAPH_API_URL: io.env.LANGGRAPH_API_URL ?? ownUrl(options, prefix),
  };
  const reloader = new Reloader({
    launch: () => launch({ options, databaseUri: postgres.uri, env, write: io.write }),
    report,
  });

  const watches = !input.switches.has("no-reload");
  let watcher: SourceWatcher | null = null;
  const onChange = (files: readonly string[]): void => {
    line(paint.dim(`changed: ${files.map((file) => relative(cwd, file)).join(", ")}`));
    begunAt = performance.now();
    if (files.includes(project.configPath)) void lookElsewhere();
    void reloader.reload();
  };
  /** The project may name other files now. While it cannot be read, the old ones are watched. */
  const lookElsewhere = async (): Promise<void> => {
    const changed = await readConfig(options.configPath).catch(() => null);
    if (changed !== null) await watcher?.rewatch(toWatch(changed, options));
  };
  if (watches) watcher = await SourceWatcher.open(toWatch(project, options), onChange);
  try {
    // Without a watcher nobody could mend what is broken.
    if (watches) void reloader.reload();
    else await reloadOnce(reloader, () => first);
    await aborted(stopping);
  } finally {
    watcher?.close();
    await reloader.stop();
  }
}

async function reloadOnce(reloader: Reloader, failed: () => boolean): Promise<void> {
  await reloader.reload();
  if (failed()) throw new Problem("The project cannot be served. Why is above.");
}

/** The project's folder, graphs that are elsewhere, and the two files that say how it is served. */
export function toWatch(
  { dir, graphs, env, configPath }: Pick<ProjectConfig, "dir" | "graphs" | "env" | "configPath">,
  { dataDir }: Pick<StartOptions, "dataDir">,
): Watched {
  const elsewhere = graphs.map(({ file }) => dirname(file)).filter((folder) => relative(dir, folder).startsWith(".."));
  return {
    roots: [dir, ...new Set(elsewhere)],
    files: [configPath, ...(env.file === null ? [] : [env.file])],
    ignored: [dataDir],
  };
}

const brokenWords = (broken: BrokenGraph, cwd: string): string =>
  `${placeOf(broken, cwd)}: graph "${broken.graphId}": ${broken.message}`;

/** Git need not be told in the project's own file. */
function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
    const ignore = join(dataDir, ".gitignore");
    if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  } catch (error) {
    throw new Problem(
      `The data folder ${dataDir} cannot be made: ${(error as Error).message}. Name another one with --data-dir.`,
      {
        cause: error,
      },
    );
  }
}

function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", "", url]
        : ["xdg-open", url];
  // Where there is no browser, the URL is on the screen all the same.
  spawn(command ?? "xdg-open", args, { stdio: "ignore", detached: true })
    .on("error", () => undefined)
    .unref();
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

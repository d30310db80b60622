import { ConfigError, loadEnv, redisOptions, StoresEnv } from "@graphfleet/chassis";
import { inspectPostgres } from "@graphfleet/postgres";
import { inspectRedis } from "@graphfleet/redis";
import { readProjectEnv, type ProjectConfig } from "@graphfleet/runtime/project";
import { Type } from "@sinclair/typebox";
import { Problem } from "../problem.js";
import type { Input, Io } from "../shell/command.js";
import { configPath, readConfig } from "../shell/read-config.js";
import { databaseUri, redisUri, wholeNumber } from "../start/start-options.js";
import { placeOf } from "../validate/validate.js";
import { fail, type Finding, ok, warn } from "./finding.js";
import { judgePostgres, type Plan } from "./judge-postgres.js";
import { judgeRedisNodes } from "./judge-redis.js";
import { postgresUnreachable, redisUnreachable } from "./unreachable.js";

const OLDEST_NODE = 20;
const SYMBOL = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;

/** `graphfleet doctor`: looks at everything that a fleet needs and says what to mend. Exit code 1 when something fails. */
export async function doctor(input: Input, io: Io): Promise<number> {
  const isJson = input.switches.has("json");
  const plan = planOf(input, io.env);
  const findings: Finding[] = [];
  const add = (...found: readonly Finding[]): void => {
    findings.push(...found);
    if (!isJson) for (const one of found) io.write(inWords(one, io));
  };

  add(judgeNode(process.versions.node));
  const project = await projectOf(input, io, add);
  if (project !== null && !input.switches.has("no-load")) add(...(await loadedOf(project, io)));
  add(...(await postgresOf(databaseUri(io.env), plan)));
  add(...(await redisOf(io.env)));

  const failed = findings.filter(({ level }) => level === "fail").length;
  if (isJson) io.write(`${JSON.stringify({ ok: failed === 0, findings }, null, 2)}\n`);
  else
    io.write(
      failed === 0 ? `\n${io.paint.green("Nothing is in the way.")}\n` : `\n${io.paint.red(`${failed} to mend.`)}\n`,
    );
  return failed === 0 ? 0 : 1;
}

function planOf({ strings }: Input, env: Io["env"]): Plan {
  const count = (name: string, text: string | undefined, otherwise: number): number =>
    wholeNumber(name, text, otherwise, { min: 0, max: 10_000 });
  return {
    apis: count("--apis", strings.apis, 1),
    workers: count("WORKERS", strings.workers ?? env.WORKERS, 2),
    schedulers: count("--schedulers", strings.schedulers, 1),
    poolMax: count("LANGGRAPH_POSTGRES_POOL_MAX_SIZE", env.LANGGRAPH_POSTGRES_POOL_MAX_SIZE, 0) || null,
  };
}

export function judgeNode(version: string): Finding {
  return Number(version.split(".")[0]) >= OLDEST_NODE
    ? ok("node", `version ${version}`)
    : fail("node", `is version ${version}`, `Install Node.js ${OLDEST_NODE} or newer.`);
}

async function projectOf(input: Input, io: Io, add: (finding: Finding) => void): Promise<ProjectConfig | null> {
  try {
    const project = await readConfig(configPath(input, io));
    add(ok("config", `${project.configPath} names ${project.graphs.length} graphs`));
    for (const warning of project.warnings) add(warn("config", warning, "Correct it; nothing stops because of it."));
    return project;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    add(fail("config", error.message, "Correct the file; graphfleet validate tells when it is right."));
    return null;
  }
}

async function loadedOf(project: ProjectConfig, { env, cwd }: Io): Promise<Finding[]> {
  try {
    Object.assign(env, await readProjectEnv(project, env));
    const { loadGraphs, partProblems } = await import("@graphfleet/runtime");
    const registry = await loadGraphs(project);
    const failures = registry.failures();
    const problems = await partProblems(project, env);
    return [
      ...(failures.length === 0 ? [ok("graphs", `${registry.ids().join(", ")} can be loaded`)] : []),
      ...failures.map((failure) =>
        fail(
          "graphs",
          `${failure.graphId}: ${placeOf(failure, cwd)}: ${failure.message}`,
          "Mend the file, or install what it imports.",
        ),
      ),
      ...problems.map((problem) => fail("project", problem, "Mend it: no server starts before.")),
      ...registry.warnings().map((warning) => warn("libraries", warning, "Nothing stops because of it.")),
    ];
  } catch (error) {
    return [fail("graphs", (error as Error).message, "Mend the project; graphfleet validate --load tells more.")];
  }
}

async function postgresOf(uri: string | null, plan: Plan): Promise<Finding[]> {
  if (uri === null) return [ok("postgres", "DATABASE_URI is not set: start and dev run a private one")];
  try {
    return judgePostgres(await inspectPostgres(uri), plan);
  } catch (error) {
    return [postgresUnreachable(uri, error)];
  }
}

const { DATABASE_URI: _database, ...RedisVariables } = StoresEnv;
const RedisEnv = Type.Object(RedisVariables);

async function redisOf(env: Io["env"]): Promise<Finding[]> {
  const uri = redisUri(env);
  if (uri === null) return [ok("redis", "REDIS_URI is not set: start runs a private one, dev needs none")];
  try {
    // As the processes of a fleet read them.
    return judgeRedisNodes(await inspectRedis(redisOptions(loadEnv(RedisEnv, env))));
  } catch (error) {
    if (error instanceof ConfigError) return [fail("redis", error.message, "Correct the variable.")];
    return [redisUnreachable(uri, error)];
  }
}

function inWords({ check, level, message, fix }: Finding, { paint }: Io): string {
  const colour = { ok: paint.green, warn: paint.yellow, fail: paint.red }[level];
  const line = `${colour(SYMBOL[level])}  ${check.padEnd(20)}  ${message}\n`;
  return fix === undefined ? line : `${line}      ${"".padEnd(20)}  ${paint.dim("→")} ${fix}\n`;
}

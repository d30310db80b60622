import { isAbsolute, relative } from "node:path";
import type { GraphFailure } from "@graphfleet/runtime";
import { readProjectEnv } from "@graphfleet/runtime/project";
import { Problem } from "../problem.js";
import type { Input, Io } from "../shell/command.js";
import { configPath, readConfig } from "../shell/read-config.js";

interface Report {
  readonly ok: boolean;
  readonly config: string;
  readonly graphs: readonly { readonly id: string; readonly loaded: boolean | null }[];
  readonly errors: readonly { readonly message: string; readonly file: string | null; readonly line: number | null }[];
  readonly warnings: readonly string[];
}

/** `graphfleet validate`: is langgraph.json right, and, when asked, does what it names load? Exit code 1 when not. */
export async function validate(input: Input, io: Io): Promise<number> {
  const report = await examine(configPath(input, io), { load: input.switches.has("load"), env: io.env });
  if (input.switches.has("json")) io.write(`${JSON.stringify(report, null, 2)}\n`);
  else io.write(inWords(report, io));
  return report.ok ? 0 : 1;
}

async function examine(path: string, { load, env }: { load: boolean; env: Io["env"] }): Promise<Report> {
  try {
    const project = await readConfig(path);
    const { configPath, warnings } = project;
    if (!load) {
      const graphs = project.graphs.map(({ id }) => ({ id, loaded: null }));
      return { ok: true, config: configPath, graphs, errors: [], warnings };
    }
    Object.assign(env, await readProjectEnv(project, env));
    // Loads all of LangGraph, which reading the file has no use for.
    const { loadGraphs, partProblems } = await import("@graphfleet/runtime");
    const registry = await loadGraphs(project);
    const failures = registry.failures();
    const loaded = registry.ids();
    const problems = await partProblems(project, env);
    return {
      ok: failures.length === 0 && problems.length === 0,
      config: configPath,
      graphs: project.graphs.map(({ id }) => ({ id, loaded: loaded.includes(id) })),
      errors: [
        ...failures.map(({ graphId, message, file, line }) => ({
          message: `graph "${graphId}": ${message}`,
          file,
          line,
        })),
        ...problems.map((message) => ({ message, file: null, line: null })),
      ],
      warnings: [...warnings, ...registry.warnings()],
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const errors = [{ message: error.message, file: null, line: null }];
    return { ok: false, config: path, graphs: [], errors, warnings: [] };
  }
}

function inWords({ ok, config, graphs, errors, warnings }: Report, { cwd, paint }: Io): string {
  const lines = [
    ...warnings.map((warning) => `${paint.yellow("warning")} ${warning}`),
    ...errors.map(({ message, file, line }) => {
      const place = file === null ? "" : `${placeOf({ file, line }, cwd)}: `;
      return `${paint.red("error")}   ${place}${message}`;
    }),
    ...(ok ? [`${paint.green("ok")}      ${config}: ${graphs.map(({ id }) => id).join(", ")}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** `src/agent.ts:12`, from where the user stands, so that terminals can open it. */
export function placeOf({ file, line }: Pick<GraphFailure, "file" | "line">, cwd: string): string {
  const near = relative(cwd, file);
  const shown = near.startsWith("..") || isAbsolute(near) ? file : near;
  return line === null ? shown : `${shown}:${line}`;
}

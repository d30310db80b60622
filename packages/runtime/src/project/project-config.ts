import { isObject } from "@graphfleet/domain";
import { Ajv, type ErrorObject } from "ajv";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { ProjectError } from "./project-error.js";
import { FOREIGN_KEYS, type ProjectFile, projectSchema } from "./project-schema.js";

/** Something that a module of the project exports. */
export interface ImportTarget {
  /** Absolute. */
  readonly file: string;
  /** As the author wrote it, for messages. */
  readonly written: string;
  readonly exportName: string;
}

export interface GraphEntry extends ImportTarget {
  readonly id: string;
  readonly description: string | null;
}

/** A project that can be served: langgraph.json, checked, with its paths made absolute. */
export interface ProjectConfig {
  readonly configPath: string;
  readonly dir: string;
  readonly graphs: readonly GraphEntry[];
  /** Environment for graphs: read by whoever starts the process, before graphs are loaded. */
  readonly env: { readonly file: string | null; readonly values: Readonly<Record<string, string>> };
  readonly auth: (Omit<NonNullable<ProjectFile["auth"]>, "path"> & { readonly target: ImportTarget | null }) | null;
  readonly http: NonNullable<ProjectFile["http"]> & { readonly target: ImportTarget | null };
  readonly store: NonNullable<ProjectFile["store"]>;
  readonly checkpointer: NonNullable<ProjectFile["checkpointer"]>;
  readonly webhooks: NonNullable<ProjectFile["webhooks"]>;
  /** Things worth telling the author that stop nobody. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks langgraph.json.
 *
 * @throws ProjectError with one sentence that names the key, the value and the way out.
 */
export async function loadProject(configPath: string): Promise<ProjectConfig> {
  const absolute = path.resolve(configPath);
  const text = await readConfig(absolute);
  const json = parseConfig(text, absolute);
  const file = validateConfig(json, absolute);
  return toProject(file, json, absolute);
}

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw new ProjectError(
        `There is no ${file}. Create one that names your graphs, for example {"graphs": {"agent": "./src/agent.ts:graph"}}, or point GRAPHFLEET_CONFIG at it.`,
        { cause: error },
      );
    }
    if (code === "EISDIR") {
      throw new ProjectError(`${file} is a folder. Name the langgraph.json in it.`, { cause: error });
    }
    throw new ProjectError(`${file} cannot be read: ${message}`, { cause: error });
  }
}

function parseConfig(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(reason)?.[1];
    const before = text.slice(0, position === undefined ? text.length : Number(position)).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    throw new ProjectError(
      `${file} is not valid JSON: line ${before.length}, column ${column}: ${reason.replace(/ in JSON at position.*$/s, "")}.`,
      { cause: error },
    );
  }
}

const validate = new Ajv({ verbose: true, strict: false, allowUnionTypes: true }).compile<ProjectFile>(projectSchema);

function validateConfig(json: unknown, file: string): ProjectFile {
  if (validate(json)) return json;
  throw new ProjectError(`${file}: ${complaint(validate.errors ?? [])}`);
}

/** The error that sits deepest says most; unions add one that only repeats it. */
function complaint(errors: readonly ErrorObject[]): string {
  const depth = (error: ErrorObject) => error.instancePath.split("/").length;
  const union = errors.findLast((error) => error.keyword === "anyOf");
  const deepest = errors.toSorted((a, b) => depth(b) - depth(a))[0];
  const error = union && deepest && depth(union) >= depth(deepest) ? union : deepest;
  if (!error) return "the configuration does not fit its schema.";

  const at = error.instancePath.slice(1).split("/").map(unescapePointer).join(".");
  const hint = isObject(error.parentSchema) ? error.parentSchema["description"] : undefined;
  if (error.keyword === "required") {
    const missing = String(error.params["missingProperty"]);
    const child = isObject(error.parentSchema?.["properties"]) ? error.parentSchema["properties"][missing] : undefined;
    const wanted =
      isObject(child) && typeof child["description"] === "string" ? ` It must be ${child["description"]}.` : "";
    return `the key "${at ? `${at}.` : ""}${missing}" is missing.${wanted}`;
  }
  const found = shorten(JSON.stringify(error.data));
  const wanted = typeof hint === "string" ? `it must be ${hint}` : `it ${error.message ?? "does not fit"}`;
  return at ? `"${at}" is ${found}, but ${wanted}.` : `the file holds ${found}, but ${wanted}.`;
}

const unescapePointer = (part: string) => part.replaceAll("~1", "/").replaceAll("~0", "~");
const shorten = (text: string | undefined) =>
  text && text.length > 60 ? `${text.slice(0, 57)}…` : (text ?? "nothing");

function toProject(file: ProjectFile, json: unknown, configPath: string): ProjectConfig {
  const dir = path.dirname(configPath);
  const target = (key: string, written: string) => toTarget(key, written, dir, configPath);

  const graphs = Object.entries(file.graphs).map(([id, entry]): GraphEntry => {
    const written = typeof entry === "string" ? entry : entry.path;
    const description = typeof entry === "string" ? null : (entry.description ?? null);
    return { id, description, ...target(`graphs.${id}`, written) };
  });
  if (graphs.length === 0) {
    throw new ProjectError(
      `${configPath}: "graphs" names no graph. Add at least one, for example {"agent": "./src/agent.ts:graph"}.`,
    );
  }
  if (file.encryption) target("encryption.path", file.encryption.path);

  const { path: authPath, ...auth } = file.auth ?? {};
  const appPath = file.http?.app;
  return {
    configPath,
    dir,
    graphs,
    env: {
      file: typeof file.env === "string" ? path.resolve(dir, file.env) : null,
      values: typeof file.env === "object" ? file.env : {},
    },
    auth: file.auth ? { ...auth, target: authPath === undefined ? null : target("auth.path", authPath) } : null,
    http: { ...file.http, target: appPath === undefined ? null : target("http.app", appPath) },
    store: file.store ?? {},
    checkpointer: file.checkpointer ?? {},
    webhooks: file.webhooks ?? {},
    warnings: unknownKeys(json, configPath),
  };
}

/** Splits `./file.ts:export` at the last colon; a colon in the path itself is somebody's Windows drive. */
export function toTarget(key: string, written: string, dir: string, configPath: string): ImportTarget {
  const colon = written.lastIndexOf(":");
  const [file, exportName] = colon < 0 ? [written, ""] : [written.slice(0, colon), written.slice(colon + 1)];
  if (colon < 0) {
    throw new ProjectError(
      `${configPath}: "${key}" is "${written}", but it must name a file and an export, like "${written || "./graph.ts"}:graph".`,
    );
  }
  if (file === "") {
    throw new ProjectError(`${configPath}: "${key}" is "${written}", which names no file before the colon.`);
  }
  return { file: path.resolve(dir, file), written: file, exportName: exportName || "default" };
}

function unknownKeys(json: unknown, configPath: string): string[] {
  const known = new Set([...Object.keys(projectSchema.properties), ...FOREIGN_KEYS]);
  return Object.keys(isObject(json) ? json : {})
    .filter((key) => !known.has(key))
    .map((key) => `${configPath}: the key "${key}" is unknown and has no effect.`);
}

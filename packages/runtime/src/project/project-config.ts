import { existsSync } from "node:fs";
import path from "node:path";
import { lookOver } from "./look-over.js";
import { ProjectError } from "./project-error.js";
import { type ProjectFile, projectSchema } from "./project-schema.js";
import { type Env, readProject, type WrittenProject } from "./read-project.js";
import { validateProject } from "./validate-project.js";

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

/** Which headers to take: names in lower case, `*` allowed. `includes` null = the usual ones; `excludes` wins. */
export interface HeaderRules {
  readonly includes: readonly string[] | null;
  readonly excludes: readonly string[];
}

type Section<K extends keyof ProjectFile> = NonNullable<ProjectFile[K]>;

/** `auth`, with its path made absolute. */
export type AuthSettings = Omit<Section<"auth">, "path"> & { readonly target: ImportTarget | null };

/** `http`, with its path made absolute and the older names of header rules understood. Null rules: none were given. */
export type HttpSettings = Omit<
  Section<"http">,
  "app" | "configurable_headers" | "configurable-headers" | "logging_headers"
> & {
  readonly target: ImportTarget | null;
  readonly configurableHeaders: HeaderRules | null;
  readonly loggingHeaders: HeaderRules | null;
};

export type StoreSettings = Section<"store">;
export type CheckpointerSettings = Omit<Section<"checkpointer">, "path"> & { readonly target: ImportTarget | null };
export type WebhookSettings = Section<"webhooks">;
export interface EncryptionSettings {
  readonly target: ImportTarget;
}

/** A project that can be served: langgraph.json, checked, with its paths made absolute. */
export interface ProjectConfig {
  /** Where the project stands, for messages: its langgraph.json, or "the environment". */
  readonly configPath: string;
  readonly dir: string;
  readonly graphs: readonly GraphEntry[];
  /** Environment for graphs: read by whoever starts the process, before graphs are loaded. */
  readonly env: { readonly file: string | null; readonly values: Readonly<Record<string, string>> };
  readonly auth: AuthSettings | null;
  readonly http: HttpSettings;
  readonly store: StoreSettings;
  readonly checkpointer: CheckpointerSettings;
  readonly webhooks: WebhookSettings;
  readonly encryption: EncryptionSettings | null;
  /** Things worth telling the author that stop nobody. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a project: the file or folder that is named, else langgraph.json in the current folder, else the
 * variables in which images carry it (`env`).
 *
 * @throws ProjectError with one sentence that names the key, the value and the way out.
 */
export async function loadProject(configPath: string | undefined, env: Env = {}): Promise<ProjectConfig> {
  const written = await readProject(configPath, env);
  return toProject(validateProject(written.json, written.source), written);
}

function toProject(file: ProjectFile, { json, source, dir, repeated }: WrittenProject): ProjectConfig {
  const target = (key: string, written: string) => toTarget(key, written, dir, source);
  const maybeTarget = (key: string, written: string | undefined) =>
    written === undefined ? null : target(key, written);

  const graphs = Object.entries(file.graphs).map(([id, entry]): GraphEntry => {
    const { path: written, description } = typeof entry === "string" ? { path: entry, description: null } : entry;
    return { id, description: description ?? null, ...target(`graphs.${id}`, written) };
  });
  if (graphs.length === 0) {
    throw new ProjectError(
      `${source}: "graphs" names no graph. Add at least one, for example {"agent": "./src/agent.ts:graph"}.`,
    );
  }
  if (Object.hasOwn(file.graphs, "")) {
    throw new ProjectError(
      `${source}: "graphs" holds a graph whose id is "". Give it a name that clients can ask for.`,
    );
  }
  const { path: authPath, ...auth } = file.auth ?? {};
  const { path: saverPath, ...checkpointer } = file.checkpointer ?? {};
  const envFile = typeof file.env === "string" ? path.resolve(dir, file.env) : null;
  return {
    configPath: source,
    dir,
    graphs,
    env: { file: envFile, values: typeof file.env === "object" ? file.env : {} },
    auth: file.auth ? { ...auth, target: maybeTarget("auth.path", authPath) } : null,
    http: httpSettings(file.http ?? {}, maybeTarget("http.app", file.http?.app)),
    store: file.store ?? {},
    checkpointer: { ...checkpointer, target: maybeTarget("checkpointer.path", saverPath) },
    webhooks: file.webhooks ?? {},
    encryption: file.encryption ? { target: target("encryption.path", file.encryption.path) } : null,
    warnings: [
      ...repeated.map((key) => `${source}: the key "${key}" is written more than once; only the last one counts.`),
      ...lookOver(json, projectSchema).map((warning) => `${source}: ${warning}`),
      ...(envFile === null || existsSync(envFile) ? [] : [`${source}: "env" names ${envFile}, which does not exist.`]),
    ],
  };
}

function httpSettings(http: Section<"http">, app: ImportTarget | null): HttpSettings {
  const {
    app: _app,
    configurable_headers: configurable,
    "configurable-headers": older,
    logging_headers: logging,
    ...rest
  } = http;
  return {
    ...rest,
    target: app,
    configurableHeaders: headerRules(configurable ?? older),
    loggingHeaders: headerRules(logging),
  };
}

function headerRules(rules: Section<"http">["logging_headers"]): HeaderRules | null {
  if (rules === undefined) return null;
  const lower = (names: readonly string[] | undefined) => names?.map((name) => name.toLowerCase());
  return {
    includes: lower(rules.includes ?? rules.include) ?? null,
    excludes: lower(rules.excludes ?? rules.exclude) ?? [],
  };
}

/** Splits `./file.ts:export` at the last colon; a colon in the path itself is somebody's Windows drive. */
export function toTarget(key: string, written: string, dir: string, source: string): ImportTarget {
  const colon = written.lastIndexOf(":");
  const [file, exportName] = colon < 0 ? [written, ""] : [written.slice(0, colon), written.slice(colon + 1)];
  if (colon < 0) {
    const example = `${written || "./graph.ts"}:${key.startsWith("graphs.") ? "graph" : "default"}`;
    throw new ProjectError(
      `${source}: "${key}" is "${written}", but it must name a file and an export, like "${example}".`,
    );
  }
  if (file === "") {
    throw new ProjectError(`${source}: "${key}" is "${written}", which names no file before the colon.`);
  }
  return { file: path.resolve(dir, file), written: file, exportName: exportName || "default" };
}

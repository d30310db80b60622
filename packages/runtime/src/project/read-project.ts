import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { messageOf } from "@graphfleet/domain";
import { duplicateKeys } from "./duplicate-keys.js";
import { ProjectError } from "./project-error.js";

export type Env = Readonly<Record<string, string | undefined>>;

/** A project as it was written down, before anybody looked at what it says. */
export interface WrittenProject {
  readonly json: unknown;
  /** Where it stands, for messages: a file, or the environment. */
  readonly source: string;
  /** Where relative paths start. */
  readonly dir: string;
  /** Keys that are written more than once, of which the last one counts. */
  readonly repeated: readonly string[];
}

const FILE_NAME = "langgraph.json";

/** Variables in which images carry the keys of langgraph.json, each as JSON. */
const TRANSPORT: Readonly<Record<string, string>> = {
  LANGSERVE_GRAPHS: "graphs",
  LANGGRAPH_STORE: "store",
  LANGGRAPH_AUTH: "auth",
  LANGGRAPH_HTTP: "http",
  LANGGRAPH_CHECKPOINTER: "checkpointer",
  LANGGRAPH_WEBHOOKS: "webhooks",
  LANGGRAPH_ENCRYPTION: "encryption",
  LANGGRAPH_UI: "ui",
  LANGGRAPH_UI_CONFIG: "ui_config",
};

/**
 * Reads the file that was asked for, a langgraph.json or its folder. When none was asked for: langgraph.json in the current
 * folder, else what the environment carries.
 *
 * @throws ProjectError when there is nothing to read, or it is no JSON.
 */
export async function readProject(configPath: string | undefined, env: Env): Promise<WrittenProject> {
  if (configPath === undefined && !existsSync(FILE_NAME) && said(env["LANGSERVE_GRAPHS"]) !== null) return fromEnv(env);

  const asked = path.resolve(configPath ?? FILE_NAME);
  const file = isFolder(asked) ? path.join(asked, FILE_NAME) : asked;
  const text = await readText(file);
  return { json: parseJson(text, file), source: file, dir: path.dirname(file), repeated: duplicateKeys(text) };
}

function fromEnv(env: Env): WrittenProject {
  const entries = Object.entries(TRANSPORT).flatMap(([name, key]) => {
    const text = said(env[name]);
    return text === null ? [] : [[key, parseJson(text, name)] as const];
  });
  return { json: Object.fromEntries(entries), source: "the environment", dir: process.cwd(), repeated: [] };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new ProjectError(
        `There is no ${file}. Create one that names your graphs, for example {"graphs": {"agent": "./src/agent.ts:graph"}}, or point GRAPHFLEET_CONFIG at it.`,
        { cause: error },
      );
    }
    throw new ProjectError(`${file} cannot be read: ${message}`, { cause: error });
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = messageOf(error);
    const position = /position (\d+)/.exec(reason)?.[1];
    const before = text.slice(0, position === undefined ? text.length : Number(position)).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    throw new ProjectError(
      `${source} is not valid JSON: line ${before.length}, column ${column}: ${reason.replace(/ in JSON at position.*$/s, "")}.`,
      { cause: error },
    );
  }
}

const isFolder = (file: string) => statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
const said = (text: string | undefined) => (text === undefined || text === "" ? null : text);

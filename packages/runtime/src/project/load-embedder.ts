import { type Embedder, embeddingFailed, isObject, type Vector, messageOf } from "@graphfleet/domain";
import { createRequire } from "node:module";
import path from "node:path";
import { describeError } from "../describe-error.js";
import { withBundler } from "./bundle-module.js";
import { loadExport } from "./load-module.js";
import { type ProjectConfig, toTarget } from "./project-config.js";
import { ProjectError } from "./project-error.js";

/** What a project may bring: LangChain's embeddings, or anything of their form. */
interface Embeddings {
  embedDocuments(texts: string[]): Promise<unknown>;
  embedQuery(text: string): Promise<unknown>;
}

const WHOLE_VALUE = ["$"];
const FILE = /^[./]|\.[cm]?[jt]sx?(?::|$)/;
const OPENAI = "@langchain/openai";

/**
 * The embedder that `store.index` of the project names; null when it has no index.
 *
 * @throws ProjectError when there is none of this name, or it does not load.
 */
export async function loadEmbedder(
  project: Pick<ProjectConfig, "configPath" | "dir" | "store">,
): Promise<Embedder | null> {
  const { index } = project.store;
  if (index === undefined) return null;
  const embeddings = FILE.test(index.embed)
    ? await fromFile(index.embed, project)
    : fromProvider(index.embed, index.dims, project);
  return makeEmbedder(embeddings, { name: index.embed, dims: index.dims, fields: index.fields ?? WHOLE_VALUE });
}

/** Checks what embeddings give: a wrong vector would be found too late, or never. */
export function makeEmbedder(embeddings: Embeddings, facts: Pick<Embedder, "name" | "dims" | "fields">): Embedder {
  const { name, dims } = facts;

  return {
    ...facts,

    async embedDocuments(texts) {
      const given = await ask(() => embeddings.embedDocuments([...texts]));
      if (!Array.isArray(given) || given.length !== texts.length) {
        const got = Array.isArray(given) ? `${given.length} vectors` : "no list";
        throw embeddingFailed(`The embedder "${name}" gave ${got} for ${texts.length} texts.`);
      }
      return given.map(toVector);
    },

    async embedQuery(text) {
      return toVector(await ask(() => embeddings.embedQuery(text)));
    },
  };

  async function ask(call: () => Promise<unknown>): Promise<unknown> {
    try {
      return await call();
    } catch (error) {
      const { error: kind, message } = describeError(error);
      throw embeddingFailed(`The embedder "${name}" failed: ${kind}: ${message}`, error);
    }
  }

  function toVector(given: unknown): Vector {
    const numbers: readonly unknown[] =
      Array.isArray(given) || ArrayBuffer.isView(given) ? Array.from(given as never) : [];
    if (numbers.length !== dims)
      throw embeddingFailed(
        `The embedder "${name}" gave ${numbers.length} numbers for a text, but store.index.dims is ${dims}.`,
      );
    const vector = Float32Array.from(numbers, Number);
    if (!vector.every(Number.isFinite))
      throw embeddingFailed(`The embedder "${name}" gave a vector with something that is no number.`);
    return vector;
  }
}

type Project = Parameters<typeof loadEmbedder>[0];

async function fromFile(written: string, { configPath, dir }: Project): Promise<Embeddings> {
  const target = toTarget("store.index.embed", written, dir, configPath);
  const exported = await withBundler(() => loadExport(target, dir)).catch((error: unknown) => {
    const reason = messageOf(error);
    throw new ProjectError(`${configPath}: "store.index.embed" is "${written}", which does not load: ${reason}`, {
      cause: error,
    });
  });
  if (isEmbeddings(exported)) return exported;
  if (typeof exported !== "function")
    throw new ProjectError(
      `${configPath}: "store.index.embed" is "${written}", which is neither an async function (texts) => number[][] nor an object with embedDocuments and embedQuery.`,
    );
  const embed = exported as (texts: string[]) => unknown;
  return {
    embedDocuments: async (texts) => await embed(texts),
    embedQuery: async (text) => {
      const vectors = await embed([text]);
      return Array.isArray(vectors) ? (vectors as readonly unknown[])[0] : undefined;
    },
  };
}

/** Providers are packages of the project, so that it decides about their versions. */
function fromProvider(written: string, dims: number, { configPath, dir }: Project): Embeddings {
  const colon = written.indexOf(":");
  const [provider, model] = colon < 0 ? ["", written] : [written.slice(0, colon), written.slice(colon + 1)];
  const problem = (text: string, cause?: unknown) =>
    new ProjectError(`${configPath}: "store.index.embed" is "${written}", ${text}`, { cause });
  if (provider !== "openai" || model === "")
    throw problem('but it must be "openai:<model>", or an embedding function like "./src/embed.ts:embed".');

  const require = createRequire(path.join(dir, "package.json"));
  let found: unknown;
  try {
    found = require(OPENAI);
  } catch (error) {
    throw problem(`which needs the package ${OPENAI}. Install it in ${dir}.`, error);
  }
  const Made = isObject(found) ? (found as Record<string, unknown>).OpenAIEmbeddings : undefined;
  if (typeof Made !== "function") throw problem(`but the project's ${OPENAI} has no OpenAIEmbeddings.`);
  try {
    // Only the third generation lets us choose the length.
    const settings = model.startsWith("text-embedding-3") ? { model, dimensions: dims } : { model };
    return new (Made as new (settings: object) => Embeddings)(settings);
  } catch (error) {
    throw problem(`which cannot be used: ${describeError(error).message}`, error);
  }
}

function isEmbeddings(exported: unknown): exported is Embeddings {
  return (
    typeof exported === "object" &&
    exported !== null &&
    "embedDocuments" in exported &&
    typeof exported.embedDocuments === "function" &&
    "embedQuery" in exported &&
    typeof exported.embedQuery === "function"
  );
}

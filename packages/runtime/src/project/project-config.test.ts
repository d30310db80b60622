import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { systemAssistants } from "../system-assistants.js";
import { loadProject } from "./project-config.js";
import { ProjectError } from "./project-error.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "graphfleet-config-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function load(content: unknown) {
  const file = path.join(dir, "langgraph.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return loadProject(file);
}

async function complaint(content: unknown): Promise<string> {
  const error: unknown = await load(content).then(
    () => null,
    (error_: unknown) => error_,
  );
  expect(error).toBeInstanceOf(ProjectError);
  return (error as Error).message.replace(`${dir}/`, "");
}

describe("a good project", () => {
  test("paths become absolute, exports get their default", async () => {
    const project = await load({
      graphs: { agent: "./src/agent.ts:graph", other: { path: "other.mjs:", description: "Another" } },
      env: ".env",
      http: { app: "./app.ts:app", disable_mcp: true },
      auth: { path: "./auth.ts:auth" },
      store: { ttl: { default_ttl: 10 } },
      node_version: "20",
    });
    expect(project.graphs).toEqual([
      { id: "agent", description: null, file: `${dir}/src/agent.ts`, written: "./src/agent.ts", exportName: "graph" },
      { id: "other", description: "Another", file: `${dir}/other.mjs`, written: "other.mjs", exportName: "default" },
    ]);
    expect(project.env).toEqual({ file: `${dir}/.env`, values: {} });
    expect(project.http.target?.exportName).toBe("app");
    expect(project.auth?.target?.file).toBe(`${dir}/auth.ts`);
    expect(project.store.ttl?.default_ttl).toBe(10);
    expect(project.warnings).toEqual([
      `${dir}/langgraph.json: "http.disable_mcp" has no effect: this version has no /mcp.`,
      `${dir}/langgraph.json: "env" names ${dir}/.env, which does not exist.`,
    ]);
  });

  test("a folder stands for its langgraph.json", async () => {
    await load({ graphs: { a: "a.ts:g" } });
    expect((await loadProject(dir)).configPath).toBe(`${dir}/langgraph.json`);
  });

  test("header rules have older names, and no case", async () => {
    const rules = async (http: object) => (await load({ graphs: { a: "a.ts:g" }, http })).http;
    expect(await rules({ configurable_headers: { includes: ["X-User"], excludes: ["X-Secret"] } })).toMatchObject({
      configurableHeaders: { includes: ["x-user"], excludes: ["x-secret"] },
      loggingHeaders: null,
    });
    expect(await rules({ "configurable-headers": { exclude: ["*"] } })).toMatchObject({
      configurableHeaders: { includes: null, excludes: ["*"] },
    });
  });

  test("every section of a whole file is there, checked and typed", async () => {
    const project = await load({
      $schema: "https://example.com/schema.json",
      graphs: { a: "a.ts:g" },
      auth: {
        path: "./auth.ts:auth",
        disable_studio_auth: true,
        cache: { cache_keys: ["authorization"], ttl_seconds: 30, max_size: 10 },
        openapi: { securitySchemes: { key: { type: "apiKey" } }, security: [{ key: [] }] },
      },
      checkpointer: { ttl: { strategy: "keep_latest", default_ttl: 1.5, sweep_interval_minutes: 2, sweep_limit: 10 } },
      store: { index: { embed: "openai:small", dims: 3, fields: ["$"] }, ttl: { default_ttl: 5 } },
      webhooks: {
        env_prefix: "LG_WEBHOOK_",
        headers: { authorization: "Bearer ${{ env.LG_WEBHOOK_TOKEN }}" },
        url: { require_https: true, allowed_domains: ["*.example.com"], allowed_ports: [443], max_url_length: 100 },
      },
      encryption: { path: "./encryption.ts:" },
      node_version: "22",
      dependencies: ["."],
      api_version: "0.5",
      keep_pkg_tools: ["pip"],
    });
    expect(project.auth).toMatchObject({ disable_studio_auth: true, cache: { cache_keys: ["authorization"] } });
    expect(project.checkpointer.ttl).toMatchObject({ strategy: "keep_latest", default_ttl: 1.5 });
    expect(project.webhooks.url?.allowed_ports).toEqual([443]);
    expect(project.encryption?.target.exportName).toBe("default");
    expect(project.warnings).toEqual([]);
  });

  test("variables may be written down, unknown keys are named", async () => {
    const project = await load({ graphs: { a: "a.ts:g" }, env: { KEY: "1" }, graphz: {} });
    expect(project.env).toEqual({ file: null, values: { KEY: "1" } });
    expect(project.warnings).toEqual([
      `${dir}/langgraph.json: the key "graphz" is unknown and has no effect. Did you mean "graphs"?`,
    ]);
  });
});

test("a key that stands twice is told, since only one of the two counts", async () => {
  const project = await load('{"graphs": {"a": "a.ts:g", "a": "b.ts:g"}}');

  expect(project.graphs.map(({ written }) => written)).toEqual(["b.ts"]);
  expect(project.warnings).toEqual([
    `${dir}/langgraph.json: the key "graphs.a" is written more than once; only the last one counts.`,
  ]);
});

const warnings = async (more: object) =>
  (await load({ graphs: { a: "a.ts:g" }, ...more })).warnings.map((text) => text.replace(/^.*?: /, ""));

describe("keys that this version does not obey", () => {
  test("say so once, with the reason", async () => {
    const http = { disable_mcp: true, disable_a2a: true, disable_ui: true };
    expect(await warnings({ http, ui: { agent: "./ui.tsx" }, checkpointer: { backend: "mongo" } })).toEqual([
      '"http.disable_mcp" has no effect: this version has no /mcp.',
      '"http.disable_a2a" has no effect: this version has no /a2a.',
      '"http.disable_ui" has no effect: this version has no /ui.',
      '"ui" has no effect: this version has no /ui.',
      '"checkpointer.backend" has no effect: this version keeps checkpoints in Postgres only.',
    ]);
  });

  test("say nothing when they ask for what there is", async () => {
    expect(await warnings({ http: { disable_mcp: false }, checkpointer: { backend: "default" } })).toEqual([]);
  });
});

describe("unknown keys", () => {
  test.each([
    [
      "at the top",
      { checkpoint: {} },
      'the key "checkpoint" is unknown and has no effect. Did you mean "checkpointer"?',
    ],
    ["that look like nothing", { wombat: 1 }, 'the key "wombat" is unknown and has no effect.'],
    [
      "inside a section",
      { store: { ttl: { defualt_ttl: 5 } } },
      'the key "store.ttl.defualt_ttl" is unknown and has no effect. Did you mean "default_ttl"?',
    ],
    [
      "of another spelling",
      { http: { "disable-webhooks": true } },
      'the key "http.disable-webhooks" is unknown and has no effect. Did you mean "disable_webhooks"?',
    ],
    [
      "of a graph",
      { graphs: { a: { path: "a.ts:g", descripton: "x" } } },
      'the key "graphs.a.descripton" is unknown and has no effect. Did you mean "description"?',
    ],
  ])("%s", async (_name, more, expected) => {
    expect(await warnings(more)).toEqual([expected]);
  });

  test("names that the author chooses are nobody's business", async () => {
    expect(await warnings({ env: { ANY: "1" }, webhooks: { headers: { any: "1" } } })).toEqual([]);
    expect(await warnings({ auth: { openapi: { securitySchemes: { any: { type: "http" } } } } })).toEqual([]);
  });
});

describe("without a file, the environment carries the project", () => {
  const away = async <T>(work: () => Promise<T>): Promise<T> => {
    const before = process.cwd();
    process.chdir(await mkdtemp(path.join(dir, "empty-")));
    try {
      return await work();
    } finally {
      process.chdir(before);
    }
  };

  test("each section is JSON in a variable", async () => {
    await away(async () => {
      const project = await loadProject(undefined, {
        LANGSERVE_GRAPHS: '{"agent": "./src/agent.ts:graph"}',
        LANGGRAPH_STORE: '{"ttl": {"default_ttl": 5}}',
        LANGGRAPH_HTTP: "",
      });
      expect(project).toMatchObject({ configPath: "the environment", store: { ttl: { default_ttl: 5 } } });
      expect(project.graphs[0]?.file).toBe(path.resolve("src/agent.ts"));
    });
  });

  test("a broken variable is named", async () => {
    await away(() =>
      expect(loadProject(undefined, { LANGSERVE_GRAPHS: "{" })).rejects.toThrow("LANGSERVE_GRAPHS is not valid JSON"),
    );
  });

  test("a file that was asked for has to be there", async () => {
    await away(() =>
      expect(loadProject("absent.json", { LANGSERVE_GRAPHS: '{"a": "a.ts:g"}' })).rejects.toThrow("There is no"),
    );
  });
});

describe("a broken project is explained in one sentence", () => {
  test("no file", async () => {
    await expect(loadProject(path.join(dir, "absent.json"))).rejects.toThrow(/There is no .*absent\.json\. Create one/);
  });

  test("a folder without one", async () => {
    await expect(loadProject(os.tmpdir())).rejects.toThrow(/There is no .*langgraph\.json/);
  });

  test("broken JSON, with its place", async () => {
    expect(await complaint('{\n  "graphs": {\n    "a": "x.ts:g",\n  }\n}')).toMatch(
      /^langgraph\.json is not valid JSON: line 4, column 3/,
    );
    expect(await complaint('{"graphs": {')).toMatch(/line 1, column 13/);
  });

  test.each([
    ["no graphs key", {}, 'the key "graphs" is missing. It must be an object of graphs'],
    ["no graphs", { graphs: {} }, '"graphs" names no graph. Add at least one'],
    [
      "no export",
      { graphs: { a: "./a.ts" } },
      '"graphs.a" is "./a.ts", but it must name a file and an export, like "./a.ts:graph"',
    ],
    [
      "an id that is empty",
      { graphs: { "": "./a.ts:graph" } },
      '"graphs" holds a graph whose id is "". Give it a name',
    ],
    ["no file part", { graphs: { a: ":graph" } }, '"graphs.a" is ":graph", which names no file'],
    ["a graph that is a number", { graphs: { a: 5 } }, '"graphs.a" is 5, but it must be a path like'],
    ["a list", [], "the file holds [], but it must be a JSON object"],
    [
      "env as a list",
      { graphs: { a: "a.ts:g" }, env: ["A"] },
      '"env" is ["A"], but it must be the path of a dotenv file',
    ],
    [
      "an auth path without export",
      { graphs: { a: "a.ts:g" }, auth: { path: "./auth.ts" } },
      '"auth.path" is "./auth.ts", but it must name a file and an export, like "./auth.ts:default"',
    ],
    [
      "a text for a switch",
      { graphs: { a: "a.ts:g" }, http: { disable_mcp: "yes" } },
      '"http.disable_mcp" is "yes", but it must be true or false',
    ],
    [
      "a bad prefix",
      { graphs: { a: "a.ts:g" }, http: { mount_prefix: "x" } },
      '"http.mount_prefix" is "x", but it must be a path that starts with "/"',
    ],
    [
      "an index without dims",
      { graphs: { a: "a.ts:g" }, store: { index: { embed: "x:y" } } },
      'the key "store.index.dims" is missing. It must be the length of an embedding',
    ],
    [
      "a strategy nobody knows",
      { graphs: { a: "a.ts:g" }, checkpointer: { ttl: { strategy: "burn" } } },
      '"checkpointer.ttl.strategy" is "burn", but it must be "delete" or "keep_latest"',
    ],
    [
      "a number as a version",
      { graphs: { a: "a.ts:g" }, node_version: 20 },
      '"node_version" is 20, but it must be "20", "22" or "24"',
    ],
    [
      "an old Node",
      { graphs: { a: "a.ts:g" }, node_version: "18" },
      '"node_version" is "18", but it must be "20", "22"',
    ],
    [
      "a bad expression",
      { graphs: { a: "a.ts:g" }, http: { cors: { allow_origin_regex: "(" } } },
      '"http.cors.allow_origin_regex" is "(", but it must be a regular expression',
    ],
    [
      "a port that is none",
      { graphs: { a: "a.ts:g" }, webhooks: { url: { allowed_ports: [0] } } },
      '"webhooks.url.allowed_ports.0" is 0, but it must be a port',
    ],
    [
      "a cache without keys",
      { graphs: { a: "a.ts:g" }, auth: { cache: {} } },
      'the key "auth.cache.cache_keys" is missing. It must be a list of header names',
    ],
    [
      "an encryption path without export",
      { graphs: { a: "a.ts:g" }, encryption: { path: "./e.ts" } },
      '"encryption.path" is "./e.ts", but it must name',
    ],
    [
      "a variable that is no text",
      { graphs: { a: "a.ts:g" }, env: { KEY: 123 } },
      '"env.KEY" is a number, but it must be',
    ],
  ])("%s", async (_name, content, expected) => {
    expect(await complaint(content)).toContain(expected);
  });
});

describe("systemAssistants", () => {
  test("one per graph, with defaults from the environment", async () => {
    const { graphs } = await load({
      graphs: { agent: { path: "a.ts:g", description: "An agent" }, weather: "a.ts:w" },
    });
    const defaults = '{"agent": {"configurable": {"model_name": "openai"}, "context": {"model": "x"}}}';
    expect(systemAssistants(graphs, defaults)).toEqual([
      {
        id: "fe096781-5601-53d2-b2f6-0d3403f7e9ca",
        graphId: "agent",
        description: "An agent",
        config: { configurable: { model_name: "openai" } },
        context: { model: "x" },
      },
      { id: "5fb44052-6611-57fc-99b4-527b0d62f788", graphId: "weather", description: null, config: {}, context: {} },
    ]);
  });

  test.each(["{", "[]", "5"])("refuses %s", (text) => {
    expect(() => systemAssistants([], text)).toThrow(ProjectError);
  });
});

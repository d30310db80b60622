import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { COMMANDS } from "../commands.js";
import { makePaint } from "../shell/paint.js";
import { runCli } from "../shell/run-cli.js";
import { VERSION } from "../version.js";

interface Service {
  command: string[];
  build: { context: string; dockerfile?: string; dockerfile_inline?: string };
  environment: Record<string, string>;
  depends_on: Record<string, { condition: string }>;
  ports?: string[];
  env_file?: { path: string; required: boolean }[];
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

let dir: string;
let out = "";
let err = "";
let path = "";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "graphfleet-image-"));
  [out, err, path] = ["", "", ""];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const at = (name: string) => join(dir, name);
const project = (keys: object = {}) =>
  writeFileSync(at("langgraph.json"), JSON.stringify({ graphs: { agent: "./agent.ts:graph" }, ...keys }));
const run = (...args: string[]) =>
  runCli(args, COMMANDS, {
    env: { PATH: path },
    cwd: dir,
    root: "/opt/graphfleet",
    write: (text) => (out += text),
    tell: (text) => (err += text),
    paint: makePaint(false, {}),
    read: async () => "",
    stopping: () => new AbortController().signal,
  });
/** The instructions, continued lines and comments aside. */
const instructions = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/ (.*)/s).slice(0, 2));

describe("graphfleet dockerfile", () => {
  test("puts the project into the image of this version", async () => {
    project();

    expect(await run("dockerfile", "-")).toBe(0);
    expect(instructions(out)).toEqual([
      ["FROM", `graphfleet:${VERSION}-node20`],
      ["USER", "root"],
      ["WORKDIR", "/project"],
      ["COPY", ". ."],
      ["RUN", "npm install"],
      ["ENV", 'GRAPHFLEET_CONFIG="/project/langgraph.json"'],
      ["USER", "1000:1000"],
    ]);
  });

  test("heeds node_version and puts dockerfile_lines where the project is not there yet", async () => {
    project({ node_version: "24", dockerfile_lines: ["RUN apt-get update", "ARG X=1"] });

    await run("dockerfile", "-");
    expect(instructions(out).slice(0, 5)).toEqual([
      ["FROM", `graphfleet:${VERSION}-node24`],
      ["USER", "root"],
      ["RUN", "apt-get update"],
      ["ARG", "X=1"],
      ["WORKDIR", "/project"],
    ]);
  });

  test("builds upon base_image, and upon the one that was typed before that", async () => {
    project({ base_image: "registry.example/server:1" });

    await run("dockerfile", "-");
    expect(out).toContain("FROM registry.example/server:1\n");
    await run("dockerfile", "-", "--base-image", "mine:2");
    expect(out).toContain("FROM mine:2\n");
  });

  test.each([
    ["yarn.lock", "corepack enable && yarn install --frozen-lockfile"],
    ["pnpm-lock.yaml", "corepack enable && pnpm install --frozen-lockfile"],
    ["package-lock.json", "npm ci"],
    ["bun.lock", "npm install --global bun && bun install --frozen-lockfile"],
  ])("%s is installed by its own tool", async (lockfile, command) => {
    project();
    writeFileSync(at(lockfile), "");

    await run("dockerfile", "-");
    expect(out).toContain(`\nRUN ${command}\n`);
  });

  test("installs and builds as it is told", async () => {
    project();
    writeFileSync(at("package-lock.json"), "");

    await run("dockerfile", "-", "--install-command", "npm ci --omit=dev", "--build-command", "npm run build");
    expect(out).toContain("\nRUN npm ci --omit=dev\nRUN npm run build\nENV ");
  });

  test("with a compose file: the whole fleet, with the project's env file", async () => {
    project({ env: ".env" });
    writeFileSync(at(".env"), "A=1\n");

    expect(await run("dockerfile", "Dockerfile", "--add-docker-compose")).toBe(0);
    const { services, volumes } = parse(readFileSync(at("docker-compose.yml"), "utf8")) as Compose;
    expect(Object.keys(services)).toEqual(["postgres", "redis", "migrate", "api", "worker", "scheduler"]);
    for (const name of ["migrate", "api", "worker", "scheduler"]) {
      expect(services[name]).toMatchObject({
        command: [name],
        build: { context: ".", dockerfile: "Dockerfile" },
        env_file: [{ path: ".env", required: false }],
      });
    }
    expect(services["api"]?.ports).toEqual(["${BIND:-127.0.0.1}:8123:8000"]);
    expect(services["worker"]?.depends_on["migrate"]).toEqual({ condition: "service_completed_successfully" });
    expect(Object.keys(volumes)).toEqual(["postgres", "redis"]);
    expect(readFileSync(at(".dockerignore"), "utf8")).toContain(".env\n");
    expect(readFileSync(at(".env"), "utf8")).toBe("A=1\n");
  });

  test("writes over its own files, and over nobody else's", async () => {
    project();
    expect(await run("dockerfile", "Dockerfile")).toBe(0);
    expect(await run("dockerfile", "Dockerfile")).toBe(0);
    writeFileSync(at("docker-compose.yml"), "services: {}\n");
    writeFileSync(at("Dockerfile.mine"), "FROM scratch\n");

    expect(await run("dockerfile", "Dockerfile.mine")).toBe(1);
    expect(err).toContain("Dockerfile.mine was not written by graphfleet");
    rmSync(at("Dockerfile"));
    expect(await run("dockerfile", "Dockerfile", "--add-docker-compose")).toBe(1);
    expect(existsSync(at("Dockerfile"))).toBe(false);
  });

  test("wants to know where to, and a langgraph.json", async () => {
    expect(await run("dockerfile")).toBe(2);
    expect(await run("dockerfile", "-")).toBe(1);
    expect(err).toContain("There is no");
  });
});

describe("build and up", () => {
  /** A docker that writes down what it is asked for. */
  function pretendDocker({ hasBase }: { hasBase: boolean }): () => { args: string; stdin: string }[] {
    const bin = at("bin");
    mkdirSync(bin);
    const log = at("calls");
    const script = `#!/bin/sh
[ "$1" = image ] && exit ${hasBase ? 0 : 1}
printf '%s\\n--stdin--\\n' "$*" >> '${log}'
cat >> '${log}'
printf -- '--end--\\n' >> '${log}'
`;
    writeFileSync(join(bin, "docker"), script);
    chmodSync(join(bin, "docker"), 0o755);
    path = `${bin}${delimiter}/usr/bin${delimiter}/bin`;
    return () =>
      readFileSync(log, "utf8")
        .split("--end--\n")
        .filter((call) => call !== "")
        .map((call) => call.split("\n--stdin--\n"))
        .map(([args = "", stdin = ""]) => ({ args, stdin }));
  }

  test("build hands Docker the Dockerfile, its own options last", async () => {
    project({ base_image: "base:1" });
    const calls = pretendDocker({ hasBase: true });

    expect(await run("build", "-t", "mine", "--", "--network", "host")).toBe(0);
    expect(calls()).toEqual([
      { args: `build -f - -t mine --pull --network host ${dir}`, stdin: expect.stringContaining("FROM base:1\n") },
    ]);
  });

  test("the image of this version is built first, when it is not there", async () => {
    project({ node_version: "22" });
    const calls = pretendDocker({ hasBase: false });

    expect(await run("build", "--tag", "mine")).toBe(0);
    const base = `build -t graphfleet:${VERSION}-node22 --build-arg NODE_IMAGE=node:22-bookworm-slim`;
    expect(calls().map(({ args }) => args)).toEqual([
      `${base} -f /opt/graphfleet/deploy/Dockerfile /opt/graphfleet`,
      `build -f - -t mine ${dir}`,
    ]);
  });

  test("up hands Compose the fleet, with the project's own file under it", async () => {
    project({ docker_compose_file: "more.yml", dockerfile_lines: ["ENV A=$B"] });
    const calls = pretendDocker({ hasBase: true });

    expect(await run("up", "-p", "9000", "--wait", "--postgres-uri", "postgres://db/x")).toBe(0);
    const [call] = calls();
    expect(call?.args).toBe(`compose --project-directory ${dir} -f ${at("more.yml")} -f - up --build --wait`);
    const { services } = parse(call?.stdin ?? "") as Compose;
    expect(services["postgres"]).toBeUndefined();
    expect(services["api"]).toMatchObject({
      ports: ["${BIND:-127.0.0.1}:9000:8000"],
      environment: { DATABASE_URI: "postgres://db/x" },
      build: { dockerfile_inline: expect.stringContaining("ENV A=$$B\n") },
    });
  });

  test.each([
    ["build", ["build", "-t", "mine"], "docker build -t mine ."],
    ["up", ["up"], "docker compose up --build"],
  ])("%s without Docker says what to do by hand", async (_name, args, words) => {
    project({ base_image: "base:1" });
    path = at("nothing");

    expect(await run(...args)).toBe(1);
    expect(err).toContain("There is no docker on PATH");
    expect(err).toContain(words);
  });

  test("build wants a name", async () => {
    project();
    expect(await run("build")).toBe(2);
  });
});

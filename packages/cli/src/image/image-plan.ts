import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { Input, Io } from "../shell/command.js";
import { configPath, readConfig } from "../shell/read-config.js";
import { VERSION } from "../version.js";

/** Everything that an image of a project depends on. */
export interface ImagePlan {
  /** The folder that goes into the image. */
  readonly dir: string;
  readonly configName: string;
  readonly nodeVersion: string;
  /** The image that is built upon. */
  readonly base: string;
  /** True when nobody asked for another one: the image of this version, which is made from this installation. */
  readonly isOwnBase: boolean;
  readonly lines: readonly string[];
  readonly install: string;
  /** What is run after the installation; null: nothing. */
  readonly build: string | null;
  /** The project's env file, relative to its folder; null when it has none. */
  readonly envFile: string | null;
  /** Compose files of the project, to be laid over ours. */
  readonly composeFiles: readonly string[];
}

/** The keys of langgraph.json that only matter to images; their form was checked before. */
interface ImageKeys {
  readonly node_version?: string;
  readonly base_image?: string;
  readonly dockerfile_lines?: readonly string[];
  readonly docker_compose_file?: string;
}

/** As the official command has it. */
const DEFAULT_NODE = "20";

/** What a lockfile says about how to install; the first that is there. */
const INSTALLERS: readonly (readonly [string, string])[] = [
  ["yarn.lock", "corepack enable && yarn install --frozen-lockfile"],
  ["pnpm-lock.yaml", "corepack enable && pnpm install --frozen-lockfile"],
  ["package-lock.json", "npm ci"],
  ["bun.lockb", "npm install --global bun && bun install --frozen-lockfile"],
  ["bun.lock", "npm install --global bun && bun install --frozen-lockfile"],
];

/** @throws Problem when langgraph.json cannot be used */
export async function planImage(input: Input, io: Io): Promise<ImagePlan> {
  const { dir, configPath: file, env } = await readConfig(configPath(input, io));
  const keys = JSON.parse((await readFile(file, "utf8")).replace(/^\uFEFF/, "")) as ImageKeys;
  const nodeVersion = keys.node_version ?? DEFAULT_NODE;
  const asked = input.strings["base-image"] ?? keys.base_image;
  const composeFiles = [
    ...(keys.docker_compose_file === undefined ? [] : [resolve(dir, keys.docker_compose_file)]),
    ...(input.strings["docker-compose"] === undefined ? [] : [resolve(io.cwd, input.strings["docker-compose"])]),
  ];
  return {
    dir,
    configName: basename(file),
    nodeVersion,
    base: asked ?? ownBase(nodeVersion),
    isOwnBase: asked === undefined,
    lines: keys.dockerfile_lines ?? [],
    install:
      input.strings["install-command"] ??
      INSTALLERS.find(([lockfile]) => existsSync(join(dir, lockfile)))?.[1] ??
      "npm install",
    build: input.strings["build-command"] ?? null,
    envFile: env.file === null ? null : relative(dir, env.file),
    composeFiles,
  };
}

const ownBase = (nodeVersion: string): string => `graphfleet:${VERSION}-node${nodeVersion}`;

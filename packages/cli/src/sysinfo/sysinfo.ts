import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { arch, availableParallelism, release, totalmem } from "node:os";
import { join } from "node:path";
import type { Input, Io } from "../shell/command.js";
import { VERSION } from "../version.js";

const TOOLS = [
  ["npm", "--version"],
  ["pnpm", "--version"],
  ["docker", "--version"],
] as const;
const PACKAGES = [
  "@langchain/langgraph",
  "@langchain/langgraph-checkpoint",
  "@langchain/langgraph-sdk",
  "@langchain/core",
];
const TOOL_MS = 10_000;

/** `graphfleet sysinfo`: what somebody who helps wants to know. No settings, no secrets. */
export async function sysinfo({ switches }: Input, io: Io): Promise<number> {
  const tools = await Promise.all(TOOLS.map(async ([tool, flag]) => [tool, await versionOf(tool, flag, io)] as const));
  const facts: Record<string, string | null> = {
    graphfleet: VERSION,
    node: process.versions.node,
    system: `${process.platform} ${release()} ${arch()}`,
    processors: String(availableParallelism()),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    ...Object.fromEntries(tools),
    ...Object.fromEntries(PACKAGES.map((name) => [name, installed(name, io.cwd)])),
  };
  if (switches.has("json")) io.write(`${JSON.stringify(facts, null, 2)}\n`);
  else for (const [name, fact] of Object.entries(facts)) io.write(`${name.padEnd(32)}  ${fact ?? "not found"}\n`);
  return 0;
}

async function versionOf(tool: string, flag: string, { env, cwd }: Io): Promise<string | null> {
  let said = "";
  const child = spawn(tool, [flag], { env, cwd, stdio: ["ignore", "pipe", "ignore"], timeout: TOOL_MS });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return code === 0 ? said.trim() : null;
  } catch {
    return null;
  }
}

/** The version that a project has installed. */
function installed(name: string, cwd: string): string | null {
  const file = join(cwd, "node_modules", name, "package.json");
  if (!existsSync(file)) return null;
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version?: string }).version ?? null;
}

import { spawn } from "node:child_process";
import { join } from "node:path";
import { Problem } from "../problem.js";
import type { Io } from "../shell/command.js";
import type { ImagePlan } from "./image-plan.js";

interface DockerCall {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** What it says is nobody's business. */
  readonly isQuiet?: boolean;
  /** What to do where Docker is missing. */
  readonly byHand: string;
}

/** Runs Docker on our terminal. @returns its exit code. @throws Problem when there is no Docker. */
export async function docker({ env }: Pick<Io, "env">, { args, stdin, isQuiet, byHand }: DockerCall): Promise<number> {
  const output = isQuiet === true ? "ignore" : "inherit";
  const child = spawn("docker", args, { env, stdio: ["pipe", output, output] });
  child.stdin?.on("error", () => undefined); // it may end before it has read everything
  child.stdin?.end(stdin ?? "");
  return await new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "ENOENT" ? "There is no docker on PATH" : `docker cannot be run: ${error.message}`;
      reject(new Problem(`${reason}. Install Docker, or do this where it is:\n\n${byHand}`, { cause: error }));
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** The image of this version is not published: it is made from this installation, once. @returns an exit code */
export async function ensureBase(io: Io, plan: ImagePlan): Promise<number> {
  if (!plan.isOwnBase) return 0;
  const args = baseArgs(plan, io.root);
  const byHand = `  docker ${args.join(" ")}\n\nand then the command again.`;
  const found = await docker(io, { args: ["image", "inspect", plan.base], isQuiet: true, byHand });
  if (found === 0) return 0;
  io.tell(`building ${plan.base} first, once …\n`);
  return await docker(io, { args, byHand });
}

export const baseArgs = ({ base, nodeVersion }: ImagePlan, root: string): readonly string[] => [
  "build",
  "-t",
  base,
  "--build-arg",
  `NODE_IMAGE=node:${nodeVersion}-bookworm-slim`,
  "-f",
  join(root, "deploy", "Dockerfile"),
  root,
];

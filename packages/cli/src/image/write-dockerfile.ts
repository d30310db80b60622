import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Problem, UsageError } from "../problem.js";
import type { Input, Io } from "../shell/command.js";
import { baseArgs } from "./docker.js";
import { planImage } from "./image-plan.js";
import { renderCompose } from "./render-compose.js";
import { DOCKERIGNORE, MARK, renderDockerfile } from "./render-dockerfile.js";

const PORT = 8123;

/** `graphfleet dockerfile <path|->`: writes the project's Dockerfile and, when asked, what belongs to it. */
export async function writeDockerfile(input: Input, io: Io): Promise<number> {
  const [path] = input.positionals;
  if (path === undefined) throw new UsageError("Where to? Name a file, or - for standard output.");
  const withCompose = input.switches.has("add-docker-compose");
  const plan = await planImage(input, io);
  const text = renderDockerfile(plan);
  if (path === "-") {
    if (withCompose) throw new UsageError("--add-docker-compose needs a file to stand beside, not -.");
    io.write(text);
    return 0;
  }

  const file = resolve(io.cwd, path);
  const files: [string, string][] = [[file, text]];
  if (withCompose) {
    const { dir } = plan;
    const dockerfile = { file: relative(dir, file) || basename(file) };
    files.push([join(dir, "docker-compose.yml"), renderCompose(plan, { dockerfile, port: PORT, postgresUri: null })]);
    for (const [name, content] of [
      [".dockerignore", DOCKERIGNORE],
      [".env", ""],
    ] as const)
      if (!existsSync(join(dir, name))) files.push([join(dir, name), content]);
  }
  for (const [target] of files) await mustBeOurs(target);
  for (const [target, content] of files) {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    io.tell(`wrote ${target}\n`);
  }
  if (plan.isOwnBase)
    io.tell(`It builds upon ${plan.base}, which is made by:\n  docker ${baseArgs(plan, io.root).join(" ")}\n`);
  return 0;
}

/** What somebody wrote by hand is not overwritten. */
async function mustBeOurs(file: string): Promise<void> {
  if (!existsSync(file) || [".dockerignore", ".env"].includes(basename(file))) return;
  const text = await readFile(file, "utf8");
  if (!text.startsWith(MARK))
    throw new Problem(`${file} was not written by graphfleet. Move it away, or name another file.`);
}

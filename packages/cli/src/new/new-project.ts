import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { closestName } from "@graphfleet/runtime/project";
import { Problem, UsageError } from "../problem.js";
import type { Input, Io } from "../shell/command.js";

/** What a project can begin with, and what each shows. */
export const TEMPLATES = {
  agent: "an agent with a tool and a model that needs no key",
  minimal: "one node",
} as const;

const DEFAULT_TEMPLATE = "agent";
const DEFAULT_FOLDER = "my-agent";
const VARIABLES = "# Variables of your graphs. .env is not for git; .env.example is.\n# OPENAI_API_KEY=\n";

/** What every project has; in the templates they would be about this repository. */
const DOTFILES = {
  ".env": VARIABLES,
  ".env.example": VARIABLES,
  ".gitignore": "node_modules\n.env\n.graphfleet\n",
} as const;

/** Of the template's own; they stay behind. */
const NOT_COPIED = /(^|\/)(node_modules|[^/]+\.test\.ts)$/;

/** `graphfleet new`: a project that runs as it is. Asks nothing and overwrites nothing. */
export async function newProject({ strings, positionals, switches }: Input, io: Io): Promise<number> {
  const template = strings.template ?? DEFAULT_TEMPLATE;
  const names = Object.keys(TEMPLATES);
  if (!names.includes(template)) {
    const meant = closestName(template, names);
    throw new UsageError(
      `There is no template "${template}". ${meant === null ? `There are ${names.join(" and ")}.` : `Did you mean ${meant}?`}`,
    );
  }
  const dir = resolve(io.cwd, positionals[0] ?? DEFAULT_FOLDER);
  await mustBeEmpty(dir);
  await copy(join(io.root, "examples", "templates", template), dir);

  if (switches.has("json")) {
    io.write(`${JSON.stringify({ path: dir, template })}\n`);
    return 0;
  }
  const where = relative(io.cwd, dir);
  io.write(`${io.paint.green("Made")} ${dir} (${template}: ${TEMPLATES[template as keyof typeof TEMPLATES]})

${where === "" ? "" : `  cd ${/\s/.test(where) ? `'${where}'` : where}\n`}  npm install
  graphfleet dev
`);
  return 0;
}

async function mustBeEmpty(dir: string): Promise<void> {
  try {
    const found = (await readdir(dir)).filter((name) => name !== ".git");
    if (found.length === 0) return;
    throw new Problem(`${dir} is not empty (${found.slice(0, 3).join(", ")}). Name a folder that is new or empty.`);
  } catch (error) {
    if (error instanceof Problem) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new Problem(`${dir} cannot be used: ${(error as Error).message}. Name another folder.`, { cause: error });
  }
}

async function copy(template: string, dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await cp(template, dir, { recursive: true, filter: (source) => !NOT_COPIED.test(relative(template, source)) });
    for (const [name, text] of Object.entries(DOTFILES)) await writeFile(join(dir, name), text);
    const file = join(dir, "package.json");
    const manifest = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, `${JSON.stringify({ ...manifest, name: packageName(dir) }, null, 2)}\n`);
  } catch (error) {
    throw new Problem(`The project could not be made in ${dir}: ${(error as Error).message}`, { cause: error });
  }
}

/** The folder's name as npm allows it. */
export function packageName(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[._-]+|-+$/g, "");
  return name === "" ? DEFAULT_FOLDER : name;
}

import { UsageError } from "../problem.js";
import type { Input, Io } from "../shell/command.js";
import { wholeNumber } from "../start/start-options.js";
import { docker, ensureBase } from "./docker.js";
import { planImage } from "./image-plan.js";
import { renderCompose } from "./render-compose.js";
import { renderDockerfile } from "./render-dockerfile.js";

/** `graphfleet build -t TAG`: the project's image, from a Dockerfile that is written nowhere. */
export async function build(input: Input, io: Io): Promise<number> {
  const { tag } = input.strings;
  if (tag === undefined) throw new UsageError("Name the image: graphfleet build --tag my-agent");
  const plan = await planImage(input, io);
  const missing = await ensureBase(io, plan);
  if (missing !== 0) return missing;
  // Our own base is on this machine only.
  const pull = plan.isOwnBase || input.switches.has("no-pull") ? [] : ["--pull"];
  const args = ["build", "-f", "-", "-t", tag, ...pull, ...input.rest, plan.dir];
  const byHand = `  graphfleet dockerfile Dockerfile\n  docker build -t ${tag} .`;
  return await docker(io, { args, stdin: renderDockerfile(plan), byHand });
}

/** `graphfleet up`: the whole fleet in containers, through Docker Compose. */
export async function up(input: Input, io: Io): Promise<number> {
  const port = wholeNumber("--port", input.strings.port, 8123, { min: 1, max: 65_535 });
  const plan = await planImage(input, io);
  const missing = await ensureBase(io, plan);
  if (missing !== 0) return missing;
  const compose = renderCompose(plan, {
    dockerfile: { text: renderDockerfile(plan) },
    port,
    postgresUri: input.strings["postgres-uri"] ?? null,
  });
  const files = [...plan.composeFiles, "-"].flatMap((file) => ["-f", file]);
  const args = ["compose", "--project-directory", plan.dir, ...files, "up", "--build"];
  if (!plan.isOwnBase && !input.switches.has("no-pull")) args.push("--pull", "missing");
  if (input.switches.has("recreate")) args.push("--force-recreate", "--renew-anon-volumes");
  if (input.switches.has("wait")) args.push("--wait");
  const byHand = "  graphfleet dockerfile Dockerfile --add-docker-compose\n  docker compose up --build";
  return await docker(io, { args, stdin: compose, byHand });
}

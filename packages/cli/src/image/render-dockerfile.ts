import type { ImagePlan } from "./image-plan.js";

/** The first line of what was written by us, and may be written again. */
export const MARK = "# Written by graphfleet dockerfile. Run it again after changes of langgraph.json.";

/**
 * The project's image: the server's image with the project in it. The command it is started with decides what it is:
 * `api` (default), `worker`, `scheduler` or `migrate`.
 */
export function renderDockerfile({ base, lines, install, build, configName }: ImagePlan): string {
  return [
    MARK,
    `FROM ${base}`,
    "USER root",
    ...lines,
    "WORKDIR /project",
    "COPY . .",
    `RUN ${install}`,
    ...(build === null ? [] : [`RUN ${build}`]),
    `ENV GRAPHFLEET_CONFIG=${JSON.stringify(`/project/${configName}`)}`,
    "USER 1000:1000",
    "",
  ].join("\n");
}

/** What stays out of the image: what is installed in it anew, and what nobody else should read. */
export const DOCKERIGNORE = "node_modules\n.git\n.env\n.graphfleet\nDockerfile\ndocker-compose.yml\n";

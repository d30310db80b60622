import type { TtlWish } from "@graphfleet/domain";
import type { ProjectConfig } from "./project-config.js";

/** The lifetime of threads that are made without one; undefined when the project gives them none. */
export function threadLifetime(project: {
  readonly checkpointer: Pick<ProjectConfig["checkpointer"], "ttl">;
}): TtlWish | undefined {
  const { default_ttl: minutes, strategy = "delete" } = project.checkpointer.ttl ?? {};
  return minutes === undefined ? undefined : { minutes, strategy };
}

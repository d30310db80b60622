import type { ProjectConfig } from "./project-config.js";
import { ProjectError } from "./project-error.js";

/**
 * What the paths of this project's server begin with: "" or "/something", without a slash at the end.
 *
 * @param variable the value of MOUNT_PREFIX, for projects that do not say
 * @throws ProjectError when it is no path
 */
export function mountPrefix({ http }: Pick<ProjectConfig, "http">, variable: string | undefined): string {
  const written = http.mount_prefix ?? variable ?? "";
  if (written !== "" && !/^\/[^?#\s]*$/.test(written))
    throw new ProjectError(`MOUNT_PREFIX is "${written}", but it must be a path that starts with "/".`);
  return written.replace(/\/+$/, "");
}

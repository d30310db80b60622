import { closestName } from "@graphfleet/runtime/project";
import { resolve } from "node:path";
import { UsageError } from "../problem.js";
import type { Input, Io } from "../shell/command.js";
import { become, type Role, type RoleEnv, ROLES } from "./role.js";
import { start } from "./start-command.js";
import { startOptions } from "./start-options.js";

/** `graphfleet start`: the fleet, or with `--role` one process of it. */
export async function startRole(input: Input, io: Io): Promise<number> {
  const { strings } = input;
  const role = strings.role ?? "all";
  if (role === "all") {
    const options = startOptions(input, io.env, io.cwd, io.root);
    return await start(options, { env: io.env, write: io.write, stopping: io.stopping() });
  }
  if (!isRole(role)) {
    const meant = closestName(role, ["all", ...ROLES]);
    throw new UsageError(
      `There is no role "${role}". ${meant === null ? `There are all, ${ROLES.join(", ")}.` : `Did you mean ${meant}?`}`,
    );
  }
  const settings: RoleEnv = {
    ...(strings.config === undefined ? {} : { GRAPHFLEET_CONFIG: resolve(io.cwd, strings.config) }),
    ...(strings.port === undefined ? {} : { PORT: strings.port }),
    ...(strings.host === undefined ? {} : { HOST: strings.host }),
  };
  return await become(role, settings, io.env);
}

const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

// One process of the fleet: its own entry point, in this very process, so that signals and exit codes are its own.

/** Settings that were given as options, under the names that the entry points read. */
export type RoleEnv = Readonly<Record<string, string>>;

export const ROLES = ["api", "worker", "scheduler"] as const;
export type Role = (typeof ROLES)[number];

/** Becomes the API, a worker or the scheduler, which reads `env` with `settings` in it. Resolves when it has ended. */
export async function become(role: Role, settings: RoleEnv, env: Record<string, string | undefined>): Promise<number> {
  Object.assign(env, settings);
  switch (role) {
    case "api":
      await import("@graphfleet/api/main");
      break;
    case "worker":
      await import("@graphfleet/worker/main");
      break;
    case "scheduler":
      await import("@graphfleet/scheduler/main");
      break;
  }
  return exitCode();
}

/** Becomes the migration, which reads its `--status` from the command line by itself. */
export async function becomeMigrate(): Promise<number> {
  await import("@graphfleet/postgres/migrate");
  return exitCode();
}

const exitCode = (): number => Number(process.exitCode ?? 0);

import { ApiEnv } from "@graphfleet/api";
import { WITHOUT_EFFECT } from "@graphfleet/chassis";
import { projectSchema } from "@graphfleet/runtime";
import { SchedulerEnv } from "@graphfleet/scheduler";
import { WorkerEnv } from "@graphfleet/worker";
import { configurationPage } from "./configuration-page.js";

/** The page as the code has it. */
export const configuration = (): string =>
  configurationPage({
    project: projectSchema,
    processes: [
      { name: "api", env: ApiEnv },
      { name: "worker", env: WorkerEnv },
      { name: "scheduler", env: SchedulerEnv },
    ],
    withoutEffect: WITHOUT_EFFECT,
  });

import { assistantOperations } from "./assistants/assistants.operations.js";
import { cronOperations } from "./crons/crons.operations.js";
import type { Operation } from "./http/operation.js";
import { statelessRunOperations, threadRunOperations } from "./runs/runs.operations.js";
import { storeOperations } from "./store/store.operations.js";
import { systemOperations } from "./system/system.operations.js";
import { threadOperations } from "./threads/threads.operations.js";
import { webhookOperations } from "./webhooks/webhooks.operations.js";

/** Everything this server can be asked, in the order of the documentation. */
export const OPERATIONS: readonly Operation[] = [
  ...assistantOperations,
  ...threadOperations,
  ...threadRunOperations,
  ...statelessRunOperations,
  ...cronOperations,
  ...webhookOperations,
  ...storeOperations,
  ...systemOperations,
];

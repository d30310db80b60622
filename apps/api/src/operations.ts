import { assistantOperations } from "./assistants/assistants.operations.js";
import { cronOperations } from "./crons/crons.operations.js";
import type { Feature } from "./http/http-rules.js";
import type { Operation } from "./http/operation.js";
import { statelessRunOperations, threadRunOperations } from "./runs/runs.operations.js";
import { storeOperations } from "./store/store.operations.js";
import { systemOperations } from "./system/system.operations.js";
import { threadOperations } from "./threads/threads.operations.js";
import { webhookOperations } from "./webhooks/webhooks.operations.js";

interface Group {
  readonly feature: Feature;
  readonly operations: readonly Operation[];
}

/** In the order of the documentation. */
const GROUPS: readonly Group[] = [
  { feature: "assistants", operations: assistantOperations },
  { feature: "threads", operations: threadOperations },
  { feature: "runs", operations: [...threadRunOperations, ...statelessRunOperations, ...cronOperations] },
  { feature: "runs", operations: webhookOperations },
  { feature: "store", operations: storeOperations },
  { feature: "meta", operations: systemOperations },
];

/** Everything that a server can be asked whose project leaves nothing out. */
export const OPERATIONS: readonly Operation[] = GROUPS.flatMap(({ operations }) => operations);

/** The rest, when these are left out. */
export const operationsWithout = (disabled: ReadonlySet<Feature>): readonly Operation[] =>
  GROUPS.flatMap(({ feature, operations }) => (disabled.has(feature) ? [] : operations));

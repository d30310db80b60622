import type { Migration } from "./migration.js";
import { ledger } from "./0001-ledger.js";
import { checkpoints } from "./0002-checkpoints.js";
import { storeVectors } from "./0003-store-vectors.js";
import { threadSearch } from "./0004-thread-search.js";
import { restingStatus } from "./0005-resting-status.js";
import { expiry } from "./0006-expiry.js";
import { runPriority } from "./0007-run-priority.js";
import { webhooks } from "./0008-webhooks.js";
import { cronFirings } from "./0009-cron-firings.js";
import { leaseSessions } from "./0010-lease-sessions.js";
import { inCompany } from "./0011-in-company.js";

/** In order. A migration that was released is never edited: its successor repairs it. */
export const MIGRATIONS: readonly Migration[] = [
  ledger,
  checkpoints,
  storeVectors,
  threadSearch,
  restingStatus,
  expiry,
  runPriority,
  webhooks,
  cronFirings,
  leaseSessions,
  inCompany,
];

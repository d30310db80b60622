import type {
  CancelAction,
  CronOwner,
  DeliveryAttempt,
  DeliveryStatus,
  EndedRun,
  GraphError,
  Interrupts,
  Json,
  JsonObject,
  MultitaskStrategy,
  RunAuth,
  RunSpec,
  RunStatus,
  RunTemplate,
  ThreadStatus,
  TtlStrategy,
} from "@graphfleet/domain";
import type { Generated } from "kysely";

/** The tables as Kysely sees them; made by `migrations/`. Times are the database's, never a process's. */
export interface Database {
  assistants: AssistantTable;
  assistant_versions: AssistantVersionTable;
  threads: ThreadTable;
  runs: RunTable;
  crons: CronTable;
  store_items: StoreItemTable;
  checkpoints: CheckpointTable;
  webhook_deliveries: DeliveryTable;
}

/** What an assistant and each of its versions have in common. */
interface AssistantSettings {
  assistant_id: string;
  version: number;
  graph_id: string;
  name: string;
  description: string | null;
  config: JsonObject;
  context: Json;
  metadata: JsonObject;
  created_at: Generated<Date>;
}

interface AssistantTable extends AssistantSettings {
  updated_at: Generated<Date>;
  /** What the project said about this system assistant when it was last synced; null for assistants of users. */
  system_settings: Generated<Json>;
}

type AssistantVersionTable = AssistantSettings;

interface ThreadTable {
  thread_id: string;
  status: Generated<ThreadStatus>;
  /** The status once nothing is in flight, kept while the thread is busy. */
  resting_status: Generated<Exclude<ThreadStatus, "busy">>;
  temporary: Generated<boolean>;
  metadata: JsonObject;
  config: JsonObject;
  context: Generated<Json>;
  values: Generated<Json>;
  interrupts: Generated<Interrupts>;
  error: Generated<GraphError | null>;
  stream_seq: Generated<number>;
  ttl_minutes: Generated<number | null>;
  ttl_strategy: Generated<TtlStrategy | null>;
  expires_at: Generated<Date | null>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  state_updated_at: Generated<Date | null>;
}

interface RunTable {
  run_id: string;
  seq: Generated<number>;
  thread_id: string;
  assistant_id: string;
  status: Generated<RunStatus>;
  metadata: JsonObject;
  spec: RunSpec;
  auth: RunAuth;
  multitask_strategy: MultitaskStrategy;
  temporary: boolean;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  run_after: Generated<Date>;
  rung_at: Generated<Date>;
  started_at: Generated<Date | null>;
  ended_at: Generated<Date | null>;
  attempt: Generated<number>;
  fence: Generated<number>;
  lease_owner: Generated<string | null>;
  lease_expires_at: Generated<Date | null>;
  lease_backend: Generated<number | null>;
  lease_server: Generated<Date | null>;
  in_company: Generated<boolean>;
  cancel_action: Generated<CancelAction | null>;
  error: Generated<GraphError | null>;
  tape_from: number;
  last_event: Generated<number>;
  checkpoint_id: Generated<string | null>;
  priority: Generated<number>;
  webhook: string | null;
}

/** Rows are made by a trigger on `runs`, and go by another. */
interface DeliveryTable {
  delivery_id: Generated<string>;
  run_id: string;
  thread_id: string;
  url: string;
  /** The thread's metadata at the time: who may see this when the thread is gone. */
  owner: Generated<JsonObject>;
  payload: EndedRun;
  status: Generated<DeliveryStatus>;
  attempt: Generated<number>;
  claims: Generated<number>;
  fence: Generated<number>;
  attempts: Generated<readonly DeliveryAttempt[]>;
  next_attempt_at: Generated<Date>;
  rung_at: Generated<Date>;
  last_error: Generated<string | null>;
  created_at: Generated<Date>;
  ended_at: Generated<Date | null>;
}

interface CronTable {
  cron_id: string;
  assistant_id: string;
  thread_id: string | null;
  on_run_completed: "delete" | "keep" | null;
  schedule: string;
  timezone: string | null;
  end_time: Date | null;
  enabled: boolean;
  next_run_at: Date | null;
  user_id: string | null;
  payload: RunTemplate;
  auth: CronOwner;
  metadata: JsonObject;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

interface StoreItemTable {
  namespace: string[];
  key: string;
  value: JsonObject;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  ttl_minutes: number | null;
  expires_at: Date | null;
}

/** The checkpointer's own table: its layout is LangGraph's. */
interface CheckpointTable {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_id: string;
}

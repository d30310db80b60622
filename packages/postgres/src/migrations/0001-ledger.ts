import type { Migration } from "./migration.js";

/**
 * The ledger. Invariants are stated here, so that no code path can forget them: a run is over exactly when it has an end
 * time, it executes exactly when somebody holds a lease, and a thread executes one run at a time.
 *
 * Deliberately absent: foreign keys between runs, threads and checkpoints (each insert would lock the thread's row
 * against its settler), and an index on the metadata of runs (they are only searched within a thread). Nor is the end of
 * a lease indexed: every heartbeat would touch the index, and the few running runs have one of their own. Hot tables
 * leave room on their pages so that such updates stay on the page, and are vacuumed early.
 */
export const ledger: Migration = {
  name: "0001-ledger",
  sql: `
    CREATE TABLE assistants (
      assistant_id uuid PRIMARY KEY,
      version integer NOT NULL CHECK (version >= 1),
      graph_id text NOT NULL,
      name text NOT NULL,
      description text,
      config jsonb NOT NULL,
      context jsonb NOT NULL,
      metadata jsonb NOT NULL,
      system_settings jsonb,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX assistants_created ON assistants (created_at, assistant_id);
    CREATE INDEX assistants_updated ON assistants (updated_at, assistant_id);
    CREATE INDEX assistants_graph ON assistants (graph_id);
    CREATE INDEX assistants_metadata ON assistants USING gin (metadata jsonb_path_ops);

    CREATE TABLE assistant_versions (
      assistant_id uuid NOT NULL REFERENCES assistants ON DELETE CASCADE,
      version integer NOT NULL CHECK (version >= 1),
      graph_id text NOT NULL,
      name text NOT NULL,
      description text,
      config jsonb NOT NULL,
      context jsonb NOT NULL,
      metadata jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (assistant_id, version)
    );

    CREATE TABLE threads (
      thread_id uuid PRIMARY KEY,
      status text NOT NULL DEFAULT 'idle' CHECK (status IN ('idle', 'busy', 'interrupted', 'error')),
      temporary boolean NOT NULL DEFAULT false,
      metadata jsonb NOT NULL,
      config jsonb NOT NULL,
      context jsonb,
      "values" jsonb,
      interrupts jsonb NOT NULL DEFAULT '{}',
      error jsonb,
      stream_seq bigint NOT NULL DEFAULT 0 CHECK (stream_seq >= 0),
      ttl_minutes double precision CHECK (ttl_minutes > 0),
      ttl_strategy text CHECK (ttl_strategy IN ('delete', 'keep_latest')),
      expires_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      state_updated_at timestamptz
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX threads_created ON threads (created_at, thread_id);
    CREATE INDEX threads_updated ON threads (updated_at, thread_id);
    CREATE INDEX threads_metadata ON threads USING gin (metadata jsonb_path_ops);
    CREATE INDEX threads_values ON threads USING gin ("values" jsonb_path_ops);
    CREATE INDEX threads_temporary ON threads (updated_at) WHERE temporary;
    CREATE INDEX threads_expiring ON threads (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE runs (
      run_id uuid PRIMARY KEY,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      thread_id uuid NOT NULL,
      assistant_id uuid NOT NULL,
      status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'success', 'error', 'timeout', 'interrupted')),
      metadata jsonb NOT NULL,
      spec json NOT NULL,
      auth json NOT NULL,
      multitask_strategy text NOT NULL
        CHECK (multitask_strategy IN ('reject', 'interrupt', 'rollback', 'enqueue')),
      temporary boolean NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      run_after timestamptz NOT NULL DEFAULT clock_timestamp(),
      rung_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      started_at timestamptz,
      ended_at timestamptz,
      attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
      fence integer NOT NULL DEFAULT 0 CHECK (fence >= 0),
      lease_owner text,
      lease_expires_at timestamptz,
      cancel_action text CHECK (cancel_action IN ('interrupt', 'rollback')),
      error jsonb,
      tape_from bigint NOT NULL CHECK (tape_from >= 0),
      last_event bigint NOT NULL DEFAULT -1,
      checkpoint_id text,
      CONSTRAINT runs_over_means_ended CHECK ((status IN ('pending', 'running')) = (ended_at IS NULL)),
      CONSTRAINT runs_running_means_leased CHECK (
        CASE WHEN status = 'running'
          THEN lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL
          ELSE lease_owner IS NULL AND lease_expires_at IS NULL
        END
      )
    ) WITH (
      fillfactor = 70,
      autovacuum_vacuum_scale_factor = 0.02,
      autovacuum_vacuum_insert_scale_factor = 0.05,
      autovacuum_analyze_scale_factor = 0.05
    );
    CREATE UNIQUE INDEX runs_one_running_per_thread ON runs (thread_id) WHERE status = 'running';
    CREATE INDEX runs_thread ON runs (thread_id, seq);
    CREATE INDEX runs_inflight ON runs (thread_id, seq) WHERE status IN ('pending', 'running');
    CREATE INDEX runs_due ON runs (run_after) WHERE status = 'pending';

    CREATE TABLE crons (
      cron_id uuid PRIMARY KEY,
      assistant_id uuid NOT NULL,
      thread_id uuid,
      on_run_completed text CHECK (on_run_completed IN ('delete', 'keep')),
      schedule text NOT NULL,
      timezone text,
      end_time timestamptz,
      enabled boolean NOT NULL DEFAULT true,
      next_run_at timestamptz,
      user_id text,
      payload json NOT NULL,
      auth json NOT NULL,
      metadata jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX crons_due ON crons (next_run_at) WHERE enabled AND next_run_at IS NOT NULL;
    CREATE INDEX crons_assistant ON crons (assistant_id);
    CREATE INDEX crons_thread ON crons (thread_id) WHERE thread_id IS NOT NULL;
    CREATE INDEX crons_created ON crons (created_at, cron_id);

    -- The key is the promise: no cron fires twice for the same moment.
    CREATE TABLE cron_firings (
      cron_id uuid NOT NULL REFERENCES crons ON DELETE CASCADE,
      scheduled_for timestamptz NOT NULL,
      run_id uuid,
      fired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (cron_id, scheduled_for)
    );

    -- Labels and keys compare by code point: prefixes are ranges of the key, and lists sort the same on every server.
    CREATE TABLE store_items (
      namespace text[] COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      value jsonb NOT NULL CHECK (jsonb_typeof(value) = 'object'),
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      ttl_minutes double precision CHECK (ttl_minutes > 0),
      expires_at timestamptz,
      PRIMARY KEY (namespace, key),
      CONSTRAINT store_items_ttl_means_expiring CHECK ((ttl_minutes IS NULL) = (expires_at IS NULL))
    );
    CREATE INDEX store_items_expiring ON store_items (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE webhook_deliveries (
      delivery_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      run_id uuid NOT NULL,
      thread_id uuid NOT NULL,
      url text NOT NULL,
      payload json NOT NULL,
      status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
      attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
      next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      last_error text,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      ended_at timestamptz,
      CONSTRAINT webhook_deliveries_over_means_ended CHECK ((status = 'pending') = (ended_at IS NULL))
    );
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE status = 'pending';
  `,
};

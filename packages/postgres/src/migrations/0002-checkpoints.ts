import type { Migration } from "./migration.js";

/**
 * The checkpointer's tables, exactly as `@langchain/langgraph-checkpoint-postgres` makes them, so that its own readers
 * work on them and its `setup()` finds nothing left to do. One column is ours: which run left a pending write. LangGraph
 * records the run of a checkpoint but not of a write, and the answer to an interrupt is a write on a checkpoint of an
 * earlier run; without it a rollback could not take the answer back.
 */
export const checkpoints: Migration = {
  name: "0002-checkpoints",
  sql: `
    CREATE TABLE IF NOT EXISTS checkpoint_migrations (
      v integer PRIMARY KEY
    );
    CREATE TABLE IF NOT EXISTS checkpoints (
      thread_id text NOT NULL,
      checkpoint_ns text NOT NULL DEFAULT '',
      checkpoint_id text NOT NULL,
      parent_checkpoint_id text,
      type text,
      checkpoint jsonb NOT NULL,
      metadata jsonb NOT NULL DEFAULT '{}',
      PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
    );
    CREATE TABLE IF NOT EXISTS checkpoint_blobs (
      thread_id text NOT NULL,
      checkpoint_ns text NOT NULL DEFAULT '',
      channel text NOT NULL,
      version text NOT NULL,
      type text NOT NULL,
      blob bytea,
      PRIMARY KEY (thread_id, checkpoint_ns, channel, version)
    );
    ALTER TABLE checkpoint_blobs ALTER COLUMN blob DROP NOT NULL;
    CREATE TABLE IF NOT EXISTS checkpoint_writes (
      thread_id text NOT NULL,
      checkpoint_ns text NOT NULL DEFAULT '',
      checkpoint_id text NOT NULL,
      task_id text NOT NULL,
      idx integer NOT NULL,
      channel text NOT NULL,
      type text,
      blob bytea NOT NULL,
      PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
    );
    ALTER TABLE checkpoint_writes ADD COLUMN IF NOT EXISTS run_id uuid;
    INSERT INTO checkpoint_migrations (v) SELECT generate_series(0, 4) ON CONFLICT DO NOTHING;
  `,
};

import type { Migration } from "./migration.js";

/**
 * Webhooks. What is owed to a receiver is written by the database itself: whatever ends a run (its worker, a reaper, a
 * cancel, code that nobody has written yet) owes exactly one delivery to the run's webhook, in the same transaction.
 * Deleting a run takes its deliveries along, except those of stateless runs, whose rows vanish as a matter of course.
 *
 * The payload is the run as it ended. `values` are the thread's, which every settlement has brought up to date when the
 * trigger fires; a run that left no checkpoint has none to tell of, and neither has one that was cancelled.
 *
 * The new column of `runs` is filled for runs in flight; those that are over owe nothing.
 */
export const webhooks: Migration = {
  name: "0008-webhooks",
  sql: `
    ALTER TABLE runs ADD COLUMN webhook text;
    UPDATE runs SET webhook = spec ->> 'webhook' WHERE status IN ('pending', 'running');

    ALTER TABLE webhook_deliveries
      ADD COLUMN owner jsonb NOT NULL DEFAULT '{}',
      ADD COLUMN claims integer NOT NULL DEFAULT 0 CHECK (claims >= 0),
      ADD COLUMN fence integer NOT NULL DEFAULT 0 CHECK (fence >= 0),
      ADD COLUMN attempts jsonb NOT NULL DEFAULT '[]',
      ADD COLUMN rung_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      ADD CONSTRAINT webhook_deliveries_one_per_run UNIQUE (run_id);
    CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;

    CREATE FUNCTION owe_webhook() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO webhook_deliveries (run_id, thread_id, url, owner, payload)
      SELECT NEW.run_id, NEW.thread_id, NEW.webhook, coalesce(t.metadata, '{}'),
        json_build_object(
          'run_id', NEW.run_id,
          'thread_id', NEW.thread_id,
          'assistant_id', NEW.assistant_id,
          'status', NEW.status,
          'metadata', NEW.metadata,
          'multitask_strategy', NEW.multitask_strategy,
          'spec', NEW.spec,
          'created_at', NEW.created_at,
          'updated_at', NEW.updated_at,
          'started_at', NEW.started_at,
          'ended_at', NEW.ended_at,
          'error', NEW.error,
          'values', CASE
            WHEN NEW.status <> 'interrupted' AND (NEW.checkpoint_id IS NOT NULL OR NEW.temporary) THEN t."values"
          END
        )
      FROM (VALUES (NEW.thread_id)) AS ended (thread_id) LEFT JOIN threads t ON t.thread_id = ended.thread_id
      ON CONFLICT (run_id) DO NOTHING;
      RETURN NULL;
    END $$;
    CREATE TRIGGER runs_owe_webhook AFTER UPDATE OF status ON runs FOR EACH ROW
      WHEN (NEW.webhook IS NOT NULL AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
      EXECUTE FUNCTION owe_webhook();

    CREATE FUNCTION forget_webhook() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      DELETE FROM webhook_deliveries WHERE run_id = OLD.run_id;
      RETURN NULL;
    END $$;
    CREATE TRIGGER runs_forget_webhook AFTER DELETE ON runs FOR EACH ROW
      WHEN (OLD.webhook IS NOT NULL AND NOT OLD.temporary)
      EXECUTE FUNCTION forget_webhook();
  `,
};

-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- insert
insert into "crons" ("cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "auth", "metadata")
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json, $12::json, $13::jsonb)
returning "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at";

-- get
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at"
from "crons"
where "cron_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb)));

-- lock
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at"
from "crons"
where "cron_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) for update;

-- search
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at"
from "crons"
where (("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb) and (("metadata" @> $5::jsonb) or ("metadata" @> $6::jsonb))) and "metadata" @> $7::jsonb and assistant_id = $8 and thread_id = $9 and enabled = $10)
order by "next_run_at" desc nulls last, "cron_id" desc
limit $11 offset $12;
select count(*) as "total"
from "crons"
where (("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb) and (("metadata" @> $5::jsonb) or ("metadata" @> $6::jsonb))) and "metadata" @> $7::jsonb and assistant_id = $8 and thread_id = $9 and enabled = $10);

-- update
update "crons"
set "updated_at" = clock_timestamp(), "schedule" = $1, "next_run_at" = $2, "payload" = $3::json
where "cron_id" = $4
returning "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at";

-- delete
delete
from "crons"
where "cron_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb)));

-- now
select statement_timestamp() as "now";

-- claimDue
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at", "auth", statement_timestamp() as "now"
from "crons"
where enabled and next_run_at <= statement_timestamp() and cron_id <> all($1::uuid[])
order by "next_run_at"
limit $2 for update skip locked;
select "thread_id"
from "threads"
where "thread_id" = $1 for update skip locked;

-- recordFiring
with taken as (
  insert into cron_firings (cron_id, scheduled_for, run_id)
  select cron_id, next_run_at, $1::uuid from crons
  where cron_id = $2::uuid and next_run_at = $3::timestamptz
  on conflict do nothing
  returning cron_id
),
forgotten as (
  delete from cron_firings
  where cron_id = $4::uuid and scheduled_for < statement_timestamp() - interval '1 day'
    and scheduled_for < $5::timestamptz
),
moved as (
  update crons set next_run_at = $6::timestamptz
  where cron_id = $7::uuid and next_run_at = $8::timestamptz
)
select exists (select from taken) as taken;

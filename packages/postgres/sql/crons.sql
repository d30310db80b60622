-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- insert
insert into "crons" ("cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "auth", "metadata")
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json, $12::json, $13::jsonb)
returning "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at";

-- get
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at"
from "crons"
where "cron_id" = $1 and (("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) and (crons.thread_id is null or exists ( select
from threads t
where t.thread_id = crons.thread_id and ("t"."metadata" @> $8::jsonb and (jsonb_typeof("t"."metadata" -> $9::text) = 'array' and "t"."metadata" -> $10::text @> $11::jsonb) and (("t"."metadata" @> $12::jsonb) or ("t"."metadata" @> $13::jsonb))) )));

-- lock
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at"
from "crons"
where "cron_id" = $1 and (("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) and (crons.thread_id is null or exists ( select
from threads t
where t.thread_id = crons.thread_id and ("t"."metadata" @> $8::jsonb and (jsonb_typeof("t"."metadata" -> $9::text) = 'array' and "t"."metadata" -> $10::text @> $11::jsonb) and (("t"."metadata" @> $12::jsonb) or ("t"."metadata" @> $13::jsonb))) ))) for update;

-- search
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at"
from "crons"
where ((("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb) and (("metadata" @> $5::jsonb) or ("metadata" @> $6::jsonb))) and (crons.thread_id is null or exists ( select
from threads t
where t.thread_id = crons.thread_id and ("t"."metadata" @> $7::jsonb and (jsonb_typeof("t"."metadata" -> $8::text) = 'array' and "t"."metadata" -> $9::text @> $10::jsonb) and (("t"."metadata" @> $11::jsonb) or ("t"."metadata" @> $12::jsonb))) ))) and "metadata" @> $13::jsonb and assistant_id = $14 and thread_id = $15 and enabled = $16)
order by "next_run_at" desc nulls last, "cron_id" desc
limit $17 offset $18;
select count(*) as "total"
from "crons"
where ((("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb) and (("metadata" @> $5::jsonb) or ("metadata" @> $6::jsonb))) and (crons.thread_id is null or exists ( select
from threads t
where t.thread_id = crons.thread_id and ("t"."metadata" @> $7::jsonb and (jsonb_typeof("t"."metadata" -> $8::text) = 'array' and "t"."metadata" -> $9::text @> $10::jsonb) and (("t"."metadata" @> $11::jsonb) or ("t"."metadata" @> $12::jsonb))) ))) and "metadata" @> $13::jsonb and assistant_id = $14 and thread_id = $15 and enabled = $16);

-- update
update "crons"
set "updated_at" = clock_timestamp(), "schedule" = $1, "next_run_at" = $2, "payload" = $3::json
where "cron_id" = $4
returning "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at";

-- delete
delete
from "crons"
where "cron_id" = $1 and (("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) and (crons.thread_id is null or exists ( select
from threads t
where t.thread_id = crons.thread_id and ("t"."metadata" @> $8::jsonb and (jsonb_typeof("t"."metadata" -> $9::text) = 'array' and "t"."metadata" -> $10::text @> $11::jsonb) and (("t"."metadata" @> $12::jsonb) or ("t"."metadata" @> $13::jsonb))) )));

-- now
select statement_timestamp() as "now";

-- claimDue
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at", "auth", statement_timestamp() as "now", exists ( select
from cron_firings f
where f.cron_id = crons.cron_id and f.scheduled_for = date_trunc('milliseconds', crons.next_run_at) ) as "taken"
from "crons"
where enabled and next_run_at <= statement_timestamp() and thread_id is not null and cron_id <> all($1::uuid[])
order by "next_run_at"
limit $2 for update skip locked;
select "thread_id"
from "threads"
where "thread_id" in ($1)
order by "thread_id" for update skip locked;

-- claimDue, with threads of their own
select "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "next_run_at", "user_id", "payload", "metadata", "created_at", "updated_at", "auth", statement_timestamp() as "now", exists ( select
from cron_firings f
where f.cron_id = crons.cron_id and f.scheduled_for = date_trunc('milliseconds', crons.next_run_at) ) as "taken"
from "crons"
where enabled and next_run_at <= statement_timestamp() and thread_id is null and cron_id <> all($1::uuid[])
order by "next_run_at"
limit $2 for update skip locked;
select "thread_id"
from "threads"
where "thread_id" in ($1)
order by "thread_id" for update skip locked;

-- recordFirings
/* record_firings */
with moments as (
  select crons.cron_id, m.slot, m.run_id, m.next
  from unnest(
    $1::uuid[],
    $2::timestamptz[],
    $3::uuid[],
    $4::timestamptz[]
  ) as m (cron_id, slot, run_id, next)
  join crons on crons.cron_id = m.cron_id and date_trunc('milliseconds', crons.next_run_at) = m.slot
  for update of crons
),
taken as (
  insert into cron_firings (cron_id, scheduled_for, run_id)
  select cron_id, slot, run_id from moments
  on conflict do nothing
  returning cron_id
),
moved as (
  update crons set next_run_at = moments.next from moments where crons.cron_id = moments.cron_id
)
select cron_id from taken;

-- sweepFirings
delete from cron_firings d
using (
  select f.cron_id, f.scheduled_for
  from cron_firings f
  where f.fired_at < statement_timestamp() - make_interval(secs => $1::float8)
  order by f.fired_at
  limit $2
  for update skip locked
) as old
where d.cron_id = old.cron_id and d.scheduled_for = old.scheduled_for;

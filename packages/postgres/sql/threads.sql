-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- insert
insert into "threads" ("thread_id", "metadata", "config", "temporary")
values ($1, $2::jsonb, $3::jsonb, $4)
on conflict ("thread_id") do nothing
returning "thread_id", "status", "metadata", "config", "values", "interrupts", "error", "created_at", "updated_at", "state_updated_at";

-- get
select "thread_id", "status", "metadata", "config", "values", "interrupts", "error", "created_at", "updated_at", "state_updated_at"
from "threads"
where "thread_id" = $1 and "temporary" = $2 and ("metadata" @> $3::jsonb and (jsonb_typeof("metadata" -> $4::text) = 'array' and "metadata" -> $5::text @> $6::jsonb));

-- valuesOf
select "values"
from "threads"
where "thread_id" = $1;

-- lock
select "status", "metadata", "config", "stream_seq"
from "threads"
where "thread_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb)) for update;

-- search and count
select "thread_id", "metadata"
from "threads"
where (not temporary and ("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb)) and "metadata" @> $5::jsonb and "values" @> $6::jsonb and status = $7 and thread_id = any($8::uuid[]))
order by "created_at" desc, "thread_id" desc
limit $9 offset $10;
select count(*) as "total"
from "threads"
where (not temporary and ("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb)) and "metadata" @> $5::jsonb and "values" @> $6::jsonb and status = $7 and thread_id = any($8::uuid[]));

-- patch
update "threads"
set "metadata" = "metadata" || $1::jsonb, "updated_at" = clock_timestamp()
where "thread_id" = $2 and "temporary" = $3 and ("metadata" @> $4::jsonb and (jsonb_typeof("metadata" -> $5::text) = 'array' and "metadata" -> $6::text @> $7::jsonb))
returning "thread_id", "status", "metadata", "config", "values", "interrupts", "error", "created_at", "updated_at", "state_updated_at";

-- delete
begin;
select "status", "metadata", "config", "stream_seq"
from "threads"
where "thread_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb)) for update;
delete
from "runs"
where "thread_id" in ($1);
with doomed as (select unnest($1::uuid[]) as thread_id),
no_crons as (delete from crons c using doomed d where c.thread_id = d.thread_id),
no_writes as (delete from checkpoint_writes w using doomed d where w.thread_id = d.thread_id::text),
no_blobs as (delete from checkpoint_blobs b using doomed d where b.thread_id = d.thread_id::text),
no_checkpoints as (delete from checkpoints c using doomed d where c.thread_id = d.thread_id::text)
delete from threads t using doomed d where t.thread_id = d.thread_id;
commit;

-- markBusy
update "threads"
set "status" = $1, "updated_at" = clock_timestamp(), "metadata" = "metadata" || $2::jsonb, "config" = $3::jsonb
where "thread_id" = $4;

-- setStatus
update "threads"
set "status" = $1, "updated_at" = clock_timestamp()
where "thread_id" = $2;

-- saveState
update "threads"
set "status" = $1, "values" = $2::jsonb, "interrupts" = $3::jsonb, "error" = $4, "updated_at" = clock_timestamp(), "state_updated_at" = clock_timestamp()
where "thread_id" = $5;

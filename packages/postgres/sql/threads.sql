-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- insert
insert into "threads" ("thread_id", "metadata", "config", "temporary")
values ($1, $2::jsonb, $3::jsonb, $4)
on conflict ("thread_id") do nothing
returning "thread_id", "status", "metadata", "config", "context", "values", "interrupts", "error", "created_at", "updated_at", "state_updated_at", "ttl_minutes", "ttl_strategy", "expires_at";

-- insertBusy
/* insert_busy_threads */
insert into threads
  (thread_id, status, metadata, config, context, temporary, ttl_minutes, ttl_strategy, expires_at)
select n.thread_id, 'busy', n.metadata, n.config, n.context, n.temporary, ttl.minutes, ttl.strategy,
  clock_timestamp() + make_interval(secs => ttl.minutes * 60)
from unnest(
  $1::uuid[],
  $2::jsonb[],
  $3::jsonb[],
  $4::jsonb[],
  $5::boolean[]
) as n (thread_id, metadata, config, context, temporary)
left join (select $6::float8, $7::text) as ttl (minutes, strategy)
  on not n.temporary;

-- get
select "thread_id", "status", "metadata", "config", "context", "values", "interrupts", "error", "created_at", "updated_at", "state_updated_at", "ttl_minutes", "ttl_strategy", "expires_at"
from "threads"
where "thread_id" = $1 and "temporary" = $2 and ("metadata" @> $3::jsonb and (jsonb_typeof("metadata" -> $4::text) = 'array' and "metadata" -> $5::text @> $6::jsonb) and (("metadata" @> $7::jsonb) or ("metadata" @> $8::jsonb)));

-- peek
select "status", "metadata", "config", "stream_seq"
from "threads"
where "thread_id" = $1 and "temporary" = $2 and ("metadata" @> $3::jsonb and (jsonb_typeof("metadata" -> $4::text) = 'array' and "metadata" -> $5::text @> $6::jsonb) and (("metadata" @> $7::jsonb) or ("metadata" @> $8::jsonb)));

-- valuesOf
select "values"
from "threads"
where "thread_id" = $1;

-- lock
select "status", "metadata", "config", "stream_seq"
from "threads"
where "thread_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) for update;

-- search and count
select "thread_id", "metadata", jsonb_build_array("values" #> $1::text[], to_jsonb(to_char("created_at" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) #> $2::text[]) as "parts"
from "threads"
where (not temporary and ("metadata" @> $3::jsonb and (jsonb_typeof("metadata" -> $4::text) = 'array' and "metadata" -> $5::text @> $6::jsonb) and (("metadata" @> $7::jsonb) or ("metadata" @> $8::jsonb))) and "metadata" @> $9::jsonb and "values" @> $10::jsonb and status = $11 and thread_id = any($12::uuid[]))
order by "created_at" desc, thread_id desc
limit $13 offset $14;
select count(*) as "total"
from (select 1 as "one"
from "threads"
where (not temporary and ("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb) and (("metadata" @> $5::jsonb) or ("metadata" @> $6::jsonb))) and "metadata" @> $7::jsonb and "values" @> $8::jsonb and status = $9 and thread_id = any($10::uuid[]))
limit $11) as "matches";

-- search, last used first
select "thread_id", "status", "metadata", "config", "context", "values", "interrupts", "error", "created_at", "updated_at", "state_updated_at", "ttl_minutes", "ttl_strategy", "expires_at"
from "threads"
where (not temporary)
order by state_updated_at desc nulls last, thread_id desc
limit $1 offset $2;

-- copy
with copy as (
  insert into threads (thread_id, status, metadata, config, context, "values", interrupts, state_updated_at,
    ttl_minutes, ttl_strategy, expires_at)
  select $1::uuid, case s.status when 'interrupted' then 'interrupted' else 'idle' end,
    $2::jsonb, s.config, s.context, s."values", s.interrupts, s.state_updated_at,
    $3::float8, $4::text,
    clock_timestamp() + make_interval(secs => $5::float8 * 60)
  from threads s
  where s.thread_id = $6::uuid and not s.temporary and ("s"."metadata" @> $7::jsonb and (jsonb_typeof("s"."metadata" -> $8::text) = 'array' and "s"."metadata" -> $9::text @> $10::jsonb) and (("s"."metadata" @> $11::jsonb) or ("s"."metadata" @> $12::jsonb)))
  on conflict (thread_id) do nothing
  returning "thread_id", "status", "metadata", "config", "context", "values", "interrupts", "error", "created_at", "updated_at", "state_updated_at", "ttl_minutes", "ttl_strategy", "expires_at"
),
copied_blobs as (
  insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
  select copy.thread_id::text, b.checkpoint_ns, b.channel, b.version, b.type, b.blob
  from copy, checkpoint_blobs b
  where b.thread_id = $13::text
),
copied_writes as (
  insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob)
  select copy.thread_id::text, w.checkpoint_ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob
  from copy, checkpoint_writes w
  where w.thread_id = $14::text
),
copied_checkpoints as (
  insert into checkpoints
    (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
  select copy.thread_id::text, c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id, c.type, c.checkpoint,
    case when c.metadata ? 'thread_id'
      then c.metadata || jsonb_build_object('thread_id', copy.thread_id::text)
      else c.metadata
    end
  from copy, checkpoints c
  where c.thread_id = $15::text
)
select * from copy;

-- patch
update "threads"
set "metadata" = "metadata" || $1::jsonb, "updated_at" = clock_timestamp(), "ttl_minutes" = $2, "ttl_strategy" = $3, "expires_at" = clock_timestamp() + make_interval(secs => $4::float8)
where "thread_id" = $5 and "temporary" = $6 and ("metadata" @> $7::jsonb and (jsonb_typeof("metadata" -> $8::text) = 'array' and "metadata" -> $9::text @> $10::jsonb) and (("metadata" @> $11::jsonb) or ("metadata" @> $12::jsonb)))
returning "thread_id", "status", "metadata", "config", "context", "values", "interrupts", "error", "created_at", "updated_at", "state_updated_at", "ttl_minutes", "ttl_strategy", "expires_at";

-- delete
begin;
select "status", "metadata", "config", "stream_seq"
from "threads"
where "thread_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) for update;
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
set "status" = $1, "resting_status" = case when status = 'busy' then resting_status else status end, "updated_at" = clock_timestamp(), "expires_at" = clock_timestamp() + make_interval(secs => ttl_minutes * 60), "metadata" = "metadata" || $2::jsonb, "config" = $3::jsonb, "context" = $4::jsonb
where "thread_id" = $5;

-- rest
update "threads"
set "status" = resting_status, "updated_at" = clock_timestamp()
where "thread_id" = $1;

-- expire
begin;
select t.thread_id
from threads t
where t.expires_at <= statement_timestamp() and t.status <> 'busy'
order by t.expires_at
limit $1
for update skip locked;
select t.thread_id as id, coalesce(t.ttl_strategy, 'delete') as strategy,
(select count(*) from (
  select from "checkpoints" x where x.thread_id = t.thread_id::text limit $1
) as found) +
(select count(*) from (
  select from "checkpoint_blobs" x where x.thread_id = t.thread_id::text limit $2
) as found) +
(select count(*) from (
  select from "checkpoint_writes" x where x.thread_id = t.thread_id::text limit $3
) as found) as rows
from threads t
where t.thread_id = any($4::uuid[])
  and not exists (select from runs r where r.thread_id = t.thread_id and r.status in ('pending', 'running'))
order by t.expires_at;
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

-- expire, keep_latest
begin;
select t.thread_id
from threads t
where t.expires_at <= statement_timestamp() and t.status <> 'busy'
order by t.expires_at
limit $1
for update skip locked;
select t.thread_id as id, coalesce(t.ttl_strategy, 'delete') as strategy,
(select count(*) from (
  select from "checkpoints" x where x.thread_id = t.thread_id::text limit $1
) as found) +
(select count(*) from (
  select from "checkpoint_blobs" x where x.thread_id = t.thread_id::text limit $2
) as found) +
(select count(*) from (
  select from "checkpoint_writes" x where x.thread_id = t.thread_id::text limit $3
) as found) as rows
from threads t
where t.thread_id = any($4::uuid[])
  and not exists (select from runs r where r.thread_id = t.thread_id and r.status in ('pending', 'running'))
order by t.expires_at;
with latest as (
  select distinct on (c.thread_id, c.checkpoint_ns) c.thread_id, c.checkpoint_ns, c.checkpoint_id, c.checkpoint
  from checkpoints c
  where c.thread_id = any($1::text[])
  order by c.thread_id, c.checkpoint_ns, c.checkpoint_id desc
),
needed as (
  select l.thread_id, l.checkpoint_ns, v.key as channel, v.value as version
  from latest l cross join lateral jsonb_each_text(l.checkpoint -> 'channel_versions') as v
),
no_writes as (
  delete from checkpoint_writes w
  where w.thread_id = any($2::text[])
    and (w.thread_id, w.checkpoint_ns, w.checkpoint_id) not in (
      select l.thread_id, l.checkpoint_ns, l.checkpoint_id from latest l
    )
),
no_blobs as (
  delete from checkpoint_blobs b
  where b.thread_id = any($3::text[])
    and (b.thread_id, b.checkpoint_ns, b.channel, b.version) not in (
      select n.thread_id, n.checkpoint_ns, n.channel, n.version from needed n
    )
),
no_parents as (
  update checkpoints c set parent_checkpoint_id = null
  from latest l
  where c.thread_id = l.thread_id and c.checkpoint_ns = l.checkpoint_ns and c.checkpoint_id = l.checkpoint_id
    and c.parent_checkpoint_id is not null
)
delete from checkpoints c
where c.thread_id = any($4::text[])
  and (c.thread_id, c.checkpoint_ns, c.checkpoint_id) not in (
    select l.thread_id, l.checkpoint_ns, l.checkpoint_id from latest l
  );
update "threads"
set "expires_at" = clock_timestamp() + make_interval(secs => ttl_minutes * 60)
where "thread_id" in ($1);
commit;

-- expire, a long past
begin;
select t.thread_id
from threads t
where t.expires_at <= statement_timestamp() and t.status <> 'busy'
order by t.expires_at
limit $1
for update skip locked;
select t.thread_id as id, coalesce(t.ttl_strategy, 'delete') as strategy,
(select count(*) from (
  select from "checkpoints" x where x.thread_id = t.thread_id::text limit $1
) as found) +
(select count(*) from (
  select from "checkpoint_blobs" x where x.thread_id = t.thread_id::text limit $2
) as found) +
(select count(*) from (
  select from "checkpoint_writes" x where x.thread_id = t.thread_id::text limit $3
) as found) as rows
from threads t
where t.thread_id = any($4::uuid[])
  and not exists (select from runs r where r.thread_id = t.thread_id and r.status in ('pending', 'running'))
order by t.expires_at;
with latest as (
  select c.checkpoint_ns, max(c.checkpoint_id) as checkpoint_id
  from checkpoints c
  where c.thread_id = $1::text
  group by c.checkpoint_ns
),
old as (
  select c.checkpoint_ns, c.checkpoint_id
  from checkpoints c join latest l on l.checkpoint_ns = c.checkpoint_ns and l.checkpoint_id <> c.checkpoint_id
  where c.thread_id = $2::text
  order by c.checkpoint_id
  limit $3
),
no_writes as (
  delete from checkpoint_writes w using old
  where w.thread_id = $4::text and w.checkpoint_ns = old.checkpoint_ns and w.checkpoint_id = old.checkpoint_id
),
no_checkpoints as (
  delete from checkpoints c using old
  where c.thread_id = $5::text and c.checkpoint_ns = old.checkpoint_ns and c.checkpoint_id = old.checkpoint_id
  returning 1
),
needed as (
  select l.checkpoint_ns, v.key as channel, v.value as version
  from latest l
  join checkpoints c on c.thread_id = $6::text
    and c.checkpoint_ns = l.checkpoint_ns and c.checkpoint_id = l.checkpoint_id
  cross join lateral jsonb_each_text(c.checkpoint -> 'channel_versions') as v
  -- While there are older checkpoints, their values are needed too.
  where not exists (select from old)
),
unneeded as (
  select b.ctid as place
  from checkpoint_blobs b
  where b.thread_id = $7::text and not exists (select from old)
    and (b.checkpoint_ns, b.channel, b.version) not in (
      select n.checkpoint_ns, n.channel, n.version from needed n
    )
  limit $8
),
no_blobs as (
  delete from checkpoint_blobs b using unneeded where b.ctid = unneeded.place returning 1
)
select (select count(*) from no_checkpoints) as checkpoints, (select count(*) from no_blobs) as blobs;
commit;

-- countExpired
select count(*) as expired from (
  select from threads t
  where t.expires_at <= statement_timestamp() and t.status <> 'busy'
  limit $1
) as found;

-- saveState
update "threads"
set "status" = $1, "values" = $2::jsonb, "interrupts" = $3::jsonb, "error" = $4, "updated_at" = clock_timestamp(), "state_updated_at" = clock_timestamp(), "expires_at" = clock_timestamp() + make_interval(secs => ttl_minutes * 60), "stream_seq" = stream_seq + 1
where "thread_id" = $5
returning "stream_seq";

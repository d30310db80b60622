-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- write, by a worker
/* write_checkpoints_of_run */
with guard as (
  select $1::uuid as run_id
  from runs r
  where r.run_id = $2::uuid and r.fence = $3::int and r.status = 'running'
  for share
),
blobs as (
  insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
  select $4::text, b.ns, b.channel, b.version, b.type, b.blob
  from guard, unnest(
    $5::text[],
    $6::text[],
    $7::text[],
    $8::text[],
    $9::bytea[]
  ) as b (ns, channel, version, type, blob)
  on conflict do nothing
),
new_writes as (
  insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, run_id)
  select $10::text, w.ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob, guard.run_id
  from guard, unnest(
    $11::text[],
    $12::text[],
    $13::text[],
    $14::int[],
    $15::text[],
    $16::text[],
    $17::bytea[]
  ) as w (ns, checkpoint_id, task_id, idx, channel, type, blob)
  on conflict do nothing
),
replaced_writes as (
  insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, run_id)
  select $18::text, w.ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob, guard.run_id
  from guard, unnest(
    $19::text[],
    $20::text[],
    $21::text[],
    $22::int[],
    $23::text[],
    $24::text[],
    $25::bytea[]
  ) as w (ns, checkpoint_id, task_id, idx, channel, type, blob)
  on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
  do update set channel = excluded.channel, type = excluded.type, blob = excluded.blob, run_id = excluded.run_id
),
written as (
  insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
  select $26::text, c.ns, c.checkpoint_id, c.parent_id, c.checkpoint::jsonb, c.metadata::jsonb
  from guard, unnest(
    $27::text[],
    $28::text[],
    $29::text[],
    $30::text[],
    $31::text[]
  ) as c (ns, checkpoint_id, parent_id, checkpoint, metadata)
  on conflict (thread_id, checkpoint_ns, checkpoint_id)
  do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata
)
select exists (select from guard) as held;

-- write, by hand
/* write_checkpoints */
with guard as (select null::uuid as run_id),
blobs as (
  insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
  select $1::text, b.ns, b.channel, b.version, b.type, b.blob
  from guard, unnest(
    $2::text[],
    $3::text[],
    $4::text[],
    $5::text[],
    $6::bytea[]
  ) as b (ns, channel, version, type, blob)
  on conflict do nothing
),
new_writes as (
  insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, run_id)
  select $7::text, w.ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob, guard.run_id
  from guard, unnest(
    $8::text[],
    $9::text[],
    $10::text[],
    $11::int[],
    $12::text[],
    $13::text[],
    $14::bytea[]
  ) as w (ns, checkpoint_id, task_id, idx, channel, type, blob)
  on conflict do nothing
),
replaced_writes as (
  insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, run_id)
  select $15::text, w.ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob, guard.run_id
  from guard, unnest(
    $16::text[],
    $17::text[],
    $18::text[],
    $19::int[],
    $20::text[],
    $21::text[],
    $22::bytea[]
  ) as w (ns, checkpoint_id, task_id, idx, channel, type, blob)
  on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
  do update set channel = excluded.channel, type = excluded.type, blob = excluded.blob, run_id = excluded.run_id
),
written as (
  insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
  select $23::text, c.ns, c.checkpoint_id, c.parent_id, c.checkpoint::jsonb, c.metadata::jsonb
  from guard, unnest(
    $24::text[],
    $25::text[],
    $26::text[],
    $27::text[],
    $28::text[]
  ) as c (ns, checkpoint_id, parent_id, checkpoint, metadata)
  on conflict (thread_id, checkpoint_ns, checkpoint_id)
  do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata
)
select exists (select from guard) as held;

-- head
select "checkpoint_id"
from "checkpoints"
where "thread_id" = $1 and "checkpoint_ns" = $2
order by "checkpoint_id" desc
limit $3;

-- label
update checkpoints c
set metadata = c.metadata || $1::jsonb
where c.thread_id = $2::text and c.checkpoint_ns = ''
  and c.checkpoint_id = (
    select max(h.checkpoint_id) from checkpoints h
    where h.thread_id = $3::text and h.checkpoint_ns = ''
  );

-- keepLatest
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

-- deleteRun
with gone as (
  delete from checkpoints c
  where c.thread_id = $1::text and c.metadata ->> 'run_id' = $2::text
  returning c.checkpoint_ns, c.checkpoint_id
)
delete from checkpoint_writes w
where w.thread_id = $3::text
  and (w.run_id = $4::uuid
    or (w.checkpoint_ns, w.checkpoint_id) in (select gone.checkpoint_ns, gone.checkpoint_id from gone));

-- deleteThread
with doomed as (select $1::uuid as thread_id),
no_writes as (delete from checkpoint_writes w using doomed d where w.thread_id = d.thread_id::text),
no_blobs as (delete from checkpoint_blobs b using doomed d where b.thread_id = d.thread_id::text),
no_checkpoints as (delete from checkpoints c using doomed d where c.thread_id = d.thread_id::text)
select;

-- removeOrphans
with recursive walk as (
  select least(
    (select min(c.thread_id) from checkpoints c where c.thread_id > $1::text),
    (select min(b.thread_id) from checkpoint_blobs b where b.thread_id > $2::text),
    (select min(x.thread_id) from checkpoint_writes x where x.thread_id > $3::text)
  ) as thread_id, 1 as n
  union all
  select least(
    (select min(c.thread_id) from checkpoints c where c.thread_id > w.thread_id),
    (select min(b.thread_id) from checkpoint_blobs b where b.thread_id > w.thread_id),
    (select min(x.thread_id) from checkpoint_writes x where x.thread_id > w.thread_id)
  ), w.n + 1 from walk w where w.thread_id is not null and w.n < $4
)
select count(w.thread_id) as seen, max(w.thread_id) as last,
  coalesce(array_agg(w.thread_id) filter (where w.id is not null and t.thread_id is null), '{}') as orphans
from (
  -- Ids of another shape are not ours.
  select thread_id, case when thread_id ~ $5 then thread_id::uuid end as id from walk
) as w
left join threads t on t.thread_id = w.id;
with doomed as (
  select o.thread_id
  from unnest($1::text[]) as o (thread_id)
  where not exists (select from threads t where t.thread_id = o.thread_id::uuid)
    and (
      exists (select from checkpoints c where c.thread_id = o.thread_id and c.metadata ? 'run_id')
      or exists (select from checkpoint_writes w where w.thread_id = o.thread_id and w.run_id is not null)
      or not exists (select from checkpoints c where c.thread_id = o.thread_id)
    )
),
no_writes as (delete from checkpoint_writes w using doomed d where w.thread_id = d.thread_id returning 1),
no_blobs as (delete from checkpoint_blobs b using doomed d where b.thread_id = d.thread_id returning 1),
no_checkpoints as (delete from checkpoints c using doomed d where c.thread_id = d.thread_id returning 1)
select (select count(*) from no_writes) + (select count(*) from no_blobs) + (select count(*) from no_checkpoints)
  as removed;

-- bytes
select name, pg_total_relation_size(name::regclass) as bytes
from unnest($1::text[]) as name;

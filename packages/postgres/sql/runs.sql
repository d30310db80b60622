-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- insert, delayed
insert into "runs" ("run_id", "thread_id", "assistant_id", "metadata", "spec", "auth", "multitask_strategy", "temporary", "tape_from", "webhook", "run_after")
values ($1, $2, $3, $4::jsonb, $5::json, $6::json, $7, $8, $9, $10, clock_timestamp() + make_interval(secs => $11::float8))
returning "run_id", "thread_id", "assistant_id", "status", "metadata", "spec", "multitask_strategy", "created_at", "updated_at", "run_after", "started_at", "ended_at", "attempt", "fence", "cancel_action", "error", "tape_from", "checkpoint_id";

-- insertMany
/* insert_runs */
insert into runs
  (run_id, thread_id, assistant_id, metadata, spec, auth, multitask_strategy, temporary, tape_from, priority, webhook,
   run_after)
select n.run_id, n.thread_id, n.assistant_id, n.metadata, n.spec, n.auth, n.multitask_strategy, n.temporary,
  n.tape_from, n.priority, n.webhook, clock_timestamp() + make_interval(secs => n.after_seconds)
from unnest(
  $1::uuid[],
  $2::uuid[],
  $3::uuid[],
  $4::jsonb[],
  $5::json[],
  $6::json[],
  $7::text[],
  $8::boolean[],
  $9::bigint[],
  $10::smallint[],
  $11::text[],
  $12::float8[]
) with ordinality as n (run_id, thread_id, assistant_id, metadata, spec, auth, multitask_strategy, temporary,
  tape_from, priority, webhook, after_seconds, place)
order by n.place;

-- get
select "r"."run_id", "r"."thread_id", "r"."assistant_id", "r"."status", "r"."metadata", "r"."spec", "r"."multitask_strategy", "r"."created_at", "r"."updated_at", "r"."run_after", "r"."started_at", "r"."ended_at", "r"."attempt", "r"."fence", "r"."cancel_action", "r"."error", "r"."tape_from", "r"."checkpoint_id"
from "runs" as "r"
inner join "threads" as "t" on "t"."thread_id" = "r"."thread_id"
where ("t"."metadata" @> $1::jsonb and (jsonb_typeof("t"."metadata" -> $2::text) = 'array' and "t"."metadata" -> $3::text @> $4::jsonb) and (("t"."metadata" @> $5::jsonb) or ("t"."metadata" @> $6::jsonb))) and (not r.temporary or r.status in ('pending', 'running')) and "r"."run_id" = $7 and "r"."thread_id" = $8;

-- getToRead
select "r"."run_id", "r"."thread_id", "r"."assistant_id", "r"."status", "r"."metadata", "r"."spec", "r"."multitask_strategy", "r"."created_at", "r"."updated_at", "r"."run_after", "r"."started_at", "r"."ended_at", "r"."attempt", "r"."fence", "r"."cancel_action", "r"."error", "r"."tape_from", "r"."checkpoint_id"
from "runs" as "r"
inner join "threads" as "t" on "t"."thread_id" = "r"."thread_id"
where ("t"."metadata" @> $1::jsonb and (jsonb_typeof("t"."metadata" -> $2::text) = 'array' and "t"."metadata" -> $3::text @> $4::jsonb) and (("t"."metadata" @> $5::jsonb) or ("t"."metadata" @> $6::jsonb))) and "r"."run_id" = $7;

-- find
select "run_id", "thread_id", "assistant_id", "status", "metadata", "spec", "multitask_strategy", "created_at", "updated_at", "run_after", "started_at", "ended_at", "attempt", "fence", "cancel_action", "error", "tape_from", "checkpoint_id"
from "runs"
where "run_id" = $1;

-- list
select "r"."run_id", "r"."thread_id", "r"."assistant_id", "r"."status", "r"."metadata", "r"."spec", "r"."multitask_strategy", "r"."created_at", "r"."updated_at", "r"."run_after", "r"."started_at", "r"."ended_at", "r"."attempt", "r"."fence", "r"."cancel_action", "r"."error", "r"."tape_from", "r"."checkpoint_id"
from "runs" as "r"
inner join "threads" as "t" on "t"."thread_id" = "r"."thread_id"
where ("t"."metadata" @> $1::jsonb and (jsonb_typeof("t"."metadata" -> $2::text) = 'array' and "t"."metadata" -> $3::text @> $4::jsonb) and (("t"."metadata" @> $5::jsonb) or ("t"."metadata" @> $6::jsonb))) and (not r.temporary or r.status in ('pending', 'running')) and "r"."thread_id" = $7 and (r.status = $8 and "r"."metadata" @> $9::jsonb)
order by "r"."seq" desc
limit $10 offset $11;
select count(*) as "total"
from "runs" as "r"
inner join "threads" as "t" on "t"."thread_id" = "r"."thread_id"
where ("t"."metadata" @> $1::jsonb and (jsonb_typeof("t"."metadata" -> $2::text) = 'array' and "t"."metadata" -> $3::text @> $4::jsonb) and (("t"."metadata" @> $5::jsonb) or ("t"."metadata" @> $6::jsonb))) and (not r.temporary or r.status in ('pending', 'running')) and "r"."thread_id" = $7 and (r.status = $8 and "r"."metadata" @> $9::jsonb);

-- inflight
select "run_id", "status", "attempt"
from "runs"
where "thread_id" = $1 and status in ('pending', 'running')
order by "seq";

-- active
select "r"."run_id", "r"."thread_id", "r"."seq"
from "runs" as "r"
inner join "threads" as "t" on "t"."thread_id" = "r"."thread_id"
where ("t"."metadata" @> $1::jsonb and (jsonb_typeof("t"."metadata" -> $2::text) = 'array' and "t"."metadata" -> $3::text @> $4::jsonb) and (("t"."metadata" @> $5::jsonb) or ("t"."metadata" @> $6::jsonb))) and (not r.temporary or r.status in ('pending', 'running')) and r.status in ('pending', 'running') and "r"."status" = $7 and "r"."seq" < $8
order by "r"."seq" desc
limit $9;

-- delete
begin;
delete
from "runs"
where "run_id" = $1 and "thread_id" = $2 and "status" in ($3, $4, $5, $6);
with gone as (
  delete from checkpoints c
  where c.thread_id = $1::text and c.metadata ->> 'run_id' = $2::text
  returning c.checkpoint_ns, c.checkpoint_id
)
delete from checkpoint_writes w
where w.thread_id = $3::text
  and (w.run_id = $4::uuid
    or (w.checkpoint_ns, w.checkpoint_id) in (select gone.checkpoint_ns, gone.checkpoint_id from gone));
commit;

-- requestCancel, never started, interrupt
begin;
select r.run_id, r.thread_id, r.fence, r.priority, r.status, r.cancel_action
from runs r
where r.run_id = any($1::uuid[]) and r.status in ('pending', 'running')
order by r.run_id
for update;
update "runs"
set "status" = $1, "cancel_action" = $2, "ended_at" = clock_timestamp(), "updated_at" = clock_timestamp()
where "run_id" = $3;
commit;

-- requestCancel, never started, rollback
begin;
select r.run_id, r.thread_id, r.fence, r.priority, r.status, r.cancel_action
from runs r
where r.run_id = any($1::uuid[]) and r.status in ('pending', 'running')
order by r.run_id
for update;
delete
from "runs"
where "run_id" = $1;
commit;

-- requestCancel, running
begin;
select r.run_id, r.thread_id, r.fence, r.priority, r.status, r.cancel_action
from runs r
where r.run_id = any($1::uuid[]) and r.status in ('pending', 'running')
order by r.run_id
for update;
update "runs"
set "cancel_action" = $1, "rung_at" = clock_timestamp(), "updated_at" = clock_timestamp()
where "run_id" = $2;
commit;

-- claim
/* claim_run */
with oldest as (
  select d.run_id, d.attempt, d.cancel_action
  from runs d
  where d.thread_id = $1::uuid and d.status = 'pending' and d.run_after <= statement_timestamp()
  order by d.seq
  limit 1
),
due as (
  select o.run_id from oldest o where ("o"."attempt" < $2::int or "o"."cancel_action" is not null)
),
thread as (
  update threads t
  set stream_seq = t.stream_seq + 100000000
  where t.thread_id = $3::uuid
    and exists (select from due)
    and not exists (
      select from runs busy where busy.thread_id = $4::uuid and busy.status = 'running'
    )
  returning t.thread_id, t.stream_seq
)
update runs r
set status = 'running',
    attempt = r.attempt + 1,
    fence = r.fence + 1,
    in_company = false,
    lease_owner = $5::text,
    lease_expires_at = clock_timestamp() + make_interval(secs => $6::float8),
    lease_backend = nullif(current_setting('graphfleet.backend', true), '')::int,
    lease_server = pg_postmaster_start_time(),
    started_at = coalesce(r.started_at, clock_timestamp()),
    updated_at = clock_timestamp()
from due, thread
where r.run_id = due.run_id and r.thread_id = thread.thread_id and r.status = 'pending'
  and ("r"."attempt" < $7::int or "r"."cancel_action" is not null)
returning "r"."run_id", "r"."thread_id", "r"."assistant_id", "r"."status", "r"."metadata", "r"."spec", "r"."multitask_strategy", "r"."created_at", "r"."updated_at", "r"."run_after", "r"."started_at", "r"."ended_at", "r"."attempt", "r"."fence", "r"."cancel_action", "r"."error", "r"."tape_from", "r"."checkpoint_id", r.auth, r.last_event, thread.stream_seq as seq_base;

-- claimable, most urgent first
/* claimable_by_urgency */
select c.thread_id
from runs c
where c.status = 'pending'
  and c.run_after <= statement_timestamp() - make_interval(secs => $1::float8)
  and ("c"."attempt" < $2::int or "c"."cancel_action" is not null)
  and not exists (
    select from runs before
    where before.thread_id = c.thread_id
      and (before.status = 'running'
        or before.status = 'pending' and before.seq < c.seq and before.run_after <= statement_timestamp())
  )
order by c.priority, c.run_after
limit $3;

-- claimable, oldest first
/* claimable_by_age */
select c.thread_id
from runs c
where c.status = 'pending'
  and c.run_after <= statement_timestamp() - make_interval(secs => $1::float8)
  and ("c"."attempt" < $2::int or "c"."cancel_action" is not null)
  and not exists (
    select from runs before
    where before.thread_id = c.thread_id
      and (before.status = 'running'
        or before.status = 'pending' and before.seq < c.seq and before.run_after <= statement_timestamp())
  )
order by c.run_after
limit $3;

-- renew
/* renew_runs */
with claims as (
  select * from unnest(
    $1::uuid[],
    $2::int[],
    $3::bigint[]
  ) as c (run_id, fence, last_event)
),
held as (
  select h.run_id, h.fence, c.last_event
  from runs h join claims c on c.run_id = h.run_id and c.fence = h.fence
  where h.status = 'running'
  order by h.run_id
  for no key update of h
)
update runs r
set lease_expires_at = clock_timestamp() + make_interval(secs => $4::float8),
    lease_owner = $5::text,
      lease_backend = nullif(current_setting('graphfleet.backend', true), '')::int,
      lease_server = pg_postmaster_start_time(),
    last_event = greatest(r.last_event, held.last_event)
from held
where r.run_id = held.run_id and r.fence = held.fence and r.status = 'running'
returning r.run_id, r.fence, r.cancel_action;

-- settle
begin;
/* lock_thread */ select from threads where thread_id = $1::uuid for update;
/* settle_run */
with ended as (
  update runs r
  set status = case when r.cancel_action is null then $1::text else 'interrupted' end,
      error = case when r.cancel_action is null then $2::jsonb end,
      checkpoint_id = $3::text,
      lease_owner = null,
      lease_expires_at = null,
      ended_at = clock_timestamp(),
      updated_at = clock_timestamp()
  where r.run_id = $4::uuid and r.fence = $5::int and r.status = 'running'
    and r.cancel_action is distinct from 'rollback'
  returning r.status, r.cancel_action is not null as cancelled
),
others as (
  select o.run_id, o.seq, o.status, o.run_after
  from runs o
  where o.thread_id = $6::uuid and o.run_id <> $7::uuid and o.status in ('pending', 'running')
),
next as (
  select n.run_id from others n, ended
  where n.status = 'pending' and n.run_after <= statement_timestamp()
  order by n.seq
  limit 1
),
rung as (
  update runs w set rung_at = clock_timestamp() from next
  where w.run_id = next.run_id
  returning w.run_id, w.thread_id, w.fence, w.priority
),
thread as (
  update threads t
  set status = case
        when exists (select from others) then $8::text
        when ended.cancelled then $9::text
        else $10::text
      end,
      resting_status = case when ended.cancelled then $11::text
        else $12::text end,
      error = case when $13::boolean and not ended.cancelled then $14::jsonb end,
      "values" = case when $15::boolean then t."values" else $16::jsonb end,
      interrupts = coalesce($17::jsonb, t.interrupts),
      state_updated_at = case when $18::boolean then t.state_updated_at else clock_timestamp() end,
      stream_seq = greatest(t.stream_seq, $19::bigint),
      expires_at = clock_timestamp() + make_interval(secs => ttl_minutes * 60),
      updated_at = clock_timestamp()
  from ended
  where t.thread_id = $20::uuid
)
select ended.status, rung.run_id, rung.thread_id, rung.fence, rung.priority from ended left join rung on true;
commit;

-- settle, refused
begin;
/* lock_thread */ select from threads where thread_id = $1::uuid for update;
/* settle_run */
with ended as (
  update runs r
  set status = case when r.cancel_action is null then $1::text else 'interrupted' end,
      error = case when r.cancel_action is null then $2::jsonb end,
      checkpoint_id = $3::text,
      lease_owner = null,
      lease_expires_at = null,
      ended_at = clock_timestamp(),
      updated_at = clock_timestamp()
  where r.run_id = $4::uuid and r.fence = $5::int and r.status = 'running'
    and r.cancel_action is distinct from 'rollback'
  returning r.status, r.cancel_action is not null as cancelled
),
others as (
  select o.run_id, o.seq, o.status, o.run_after
  from runs o
  where o.thread_id = $6::uuid and o.run_id <> $7::uuid and o.status in ('pending', 'running')
),
next as (
  select n.run_id from others n, ended
  where n.status = 'pending' and n.run_after <= statement_timestamp()
  order by n.seq
  limit 1
),
rung as (
  update runs w set rung_at = clock_timestamp() from next
  where w.run_id = next.run_id
  returning w.run_id, w.thread_id, w.fence, w.priority
),
thread as (
  update threads t
  set status = case
        when exists (select from others) then $8::text
        when ended.cancelled then $9::text
        else $10::text
      end,
      resting_status = case when ended.cancelled then $11::text
        else $12::text end,
      error = case when $13::boolean and not ended.cancelled then $14::jsonb end,
      "values" = case when $15::boolean then t."values" else $16::jsonb end,
      interrupts = coalesce($17::jsonb, t.interrupts),
      state_updated_at = case when $18::boolean then t.state_updated_at else clock_timestamp() end,
      stream_seq = greatest(t.stream_seq, $19::bigint),
      expires_at = clock_timestamp() + make_interval(secs => ttl_minutes * 60),
      updated_at = clock_timestamp()
  from ended
  where t.thread_id = $20::uuid
)
select ended.status, rung.run_id, rung.thread_id, rung.fence, rung.priority from ended left join rung on true;
select "status", "cancel_action"
from "runs"
where "run_id" = $1 and "fence" = $2;
commit;

-- settle, again
begin;
/* lock_thread */ select from threads where thread_id = $1::uuid for update;
/* settle_run */
with ended as (
  update runs r
  set status = case when r.cancel_action is null then $1::text else 'interrupted' end,
      error = case when r.cancel_action is null then $2::jsonb end,
      checkpoint_id = $3::text,
      lease_owner = null,
      lease_expires_at = null,
      ended_at = clock_timestamp(),
      updated_at = clock_timestamp()
  where r.run_id = $4::uuid and r.fence = $5::int and r.status = 'running'
    and r.cancel_action is distinct from 'rollback'
  returning r.status, r.cancel_action is not null as cancelled
),
others as (
  select o.run_id, o.seq, o.status, o.run_after
  from runs o
  where o.thread_id = $6::uuid and o.run_id <> $7::uuid and o.status in ('pending', 'running')
),
next as (
  select n.run_id from others n, ended
  where n.status = 'pending' and n.run_after <= statement_timestamp()
  order by n.seq
  limit 1
),
rung as (
  update runs w set rung_at = clock_timestamp() from next
  where w.run_id = next.run_id
  returning w.run_id, w.thread_id, w.fence, w.priority
),
thread as (
  update threads t
  set status = case
        when exists (select from others) then $8::text
        when ended.cancelled then $9::text
        else $10::text
      end,
      resting_status = case when ended.cancelled then $11::text
        else $12::text end,
      error = case when $13::boolean and not ended.cancelled then $14::jsonb end,
      "values" = case when $15::boolean then t."values" else $16::jsonb end,
      interrupts = coalesce($17::jsonb, t.interrupts),
      state_updated_at = case when $18::boolean then t.state_updated_at else clock_timestamp() end,
      stream_seq = greatest(t.stream_seq, $19::bigint),
      expires_at = clock_timestamp() + make_interval(secs => ttl_minutes * 60),
      updated_at = clock_timestamp()
  from ended
  where t.thread_id = $20::uuid
)
select ended.status, rung.run_id, rung.thread_id, rung.fence, rung.priority from ended left join rung on true;
select "status", "cancel_action"
from "runs"
where "run_id" = $1 and "fence" = $2;
update runs w set rung_at = clock_timestamp()
where w.run_id = (
  select n.run_id from runs n
  where n.thread_id = $1::uuid and n.status = 'pending' and n.run_after <= clock_timestamp()
  order by n.seq
  limit 1
)
returning w.run_id, w.thread_id, w.fence, w.priority;
commit;

-- giveBack
update runs r
set status = 'pending',
    attempt = r.attempt - $1::int,
    lease_owner = null,
    lease_expires_at = null,
    lease_backend = null,
    last_event = greatest(r.last_event, $2::bigint),
    rung_at = clock_timestamp(),
    updated_at = clock_timestamp()
where r.run_id = $3::uuid and r.fence = $4::int and r.status = 'running'
returning r.run_id, r.thread_id, r.fence, r.priority;

-- rollBack
begin;
/* lock_thread */ select from threads where thread_id = $1::uuid for update;
delete
from "runs"
where "run_id" = $1 and "fence" = $2 and "status" = $3;
with gone as (
  delete from checkpoints c
  where c.thread_id = $1::text and c.metadata ->> 'run_id' = $2::text
  returning c.checkpoint_ns, c.checkpoint_id
)
delete from checkpoint_writes w
where w.thread_id = $3::text
  and (w.run_id = $4::uuid
    or (w.checkpoint_ns, w.checkpoint_id) in (select gone.checkpoint_ns, gone.checkpoint_id from gone));
select r.status, t.error
from runs r join threads t on t.thread_id = r.thread_id
where r.thread_id = $1::uuid and r.status not in ('pending', 'running') and r.fence > 0
order by r.ended_at desc nulls last, r.seq desc
limit 1;
with inflight as (
  select i.run_id, i.seq, i.status, i.run_after
  from runs i
  where i.thread_id = $1::uuid and i.status in ('pending', 'running')
),
next as (
  select n.run_id from inflight n
  where n.status = 'pending' and n.run_after <= statement_timestamp()
  order by n.seq
  limit 1
),
thread as (
  update threads t
  set status = case when exists (select from inflight) then $2::text else $3::text end,
      resting_status = $4::text,
      error = $5::jsonb,
      "values" = case when $6::boolean then t."values" else $7::jsonb end,
      interrupts = coalesce($8::jsonb, t.interrupts),
      state_updated_at = case when $9::boolean then t.state_updated_at else clock_timestamp() end,
      stream_seq = case when $10::boolean then t.stream_seq + 100000000
        else greatest(t.stream_seq, $11::bigint) end,
      expires_at = clock_timestamp() + make_interval(secs => ttl_minutes * 60),
      updated_at = clock_timestamp()
  where t.thread_id = $12::uuid
)
update runs w set rung_at = clock_timestamp() from next
where w.run_id = next.run_id
returning w.run_id, w.thread_id, w.fence, w.priority;
commit;

-- unheard
with unheard as (
  select u.run_id
  from runs u
  where u.status = 'pending'
    and u.run_after < statement_timestamp() - make_interval(secs => $1::float8)
    and u.rung_at < statement_timestamp() - make_interval(secs => $2::float8)
    and not exists (
      select from runs before
      where before.thread_id = u.thread_id
        and (before.status = 'running'
          or before.status = 'pending' and before.seq < u.seq and before.run_after <= statement_timestamp())
    )
  order by u.priority, u.run_after
  limit $3
  for update skip locked
)
update runs r set rung_at = clock_timestamp() from unheard
where r.run_id = unheard.run_id
returning r.run_id, r.thread_id, r.fence, r.priority;

-- reapExpired, given up
/* shorten_orphaned_leases */
with orphaned as materialized (
  select o.run_id, o.fence, o.lease_backend
  from runs o
  where o.status = 'running'
    and o.lease_server = pg_postmaster_start_time()
    and o.lease_expires_at > clock_timestamp() + make_interval(secs => $1::float8)
    and not exists (select from pg_stat_activity a where a.pid = o.lease_backend)
    and o.lease_backend is not null
),
locked as (
  select l.run_id
  from runs l join orphaned o on o.run_id = l.run_id
  where l.status = 'running' and l.fence = o.fence and l.lease_backend = o.lease_backend
  order by l.run_id
  for no key update of l skip locked
)
update runs r set lease_backend = null, lease_expires_at = clock_timestamp() + make_interval(secs => $2::float8)
from locked where r.run_id = locked.run_id;
begin;
select r.run_id
from runs r join threads t on t.thread_id = r.thread_id
where r.status = 'running' and r.lease_expires_at < statement_timestamp()
order by r.lease_expires_at
limit $1
for update of t skip locked;
select r.run_id, r.thread_id, r.fence, r.priority, r.attempt, r.cancel_action, r.lease_owner,
  r.in_company or exists (
    select from runs other
    where other.status = 'running' and other.lease_owner = r.lease_owner and other.run_id <> r.run_id
  ) as in_company
from runs r
where r.run_id = any($1::uuid[])
  and r.status = 'running' and r.lease_expires_at < statement_timestamp()
order by r.run_id
for update;
update "runs"
set "status" = $1, "error" = $2::jsonb, "lease_owner" = $3, "lease_expires_at" = $4, "lease_backend" = $5, "ended_at" = clock_timestamp(), "updated_at" = clock_timestamp()
where "run_id" = $6;
with inflight as (
  select i.run_id, i.seq, i.status, i.run_after
  from runs i
  where i.thread_id = $1::uuid and i.status in ('pending', 'running')
),
next as (
  select n.run_id from inflight n
  where n.status = 'pending' and n.run_after <= statement_timestamp()
  order by n.seq
  limit 1
),
thread as (
  update threads t
  set status = case when exists (select from inflight) then $2::text else $3::text end,
      resting_status = $4::text,
      error = $5::jsonb,
      "values" = case when $6::boolean then t."values" else $7::jsonb end,
      interrupts = coalesce($8::jsonb, t.interrupts),
      state_updated_at = case when $9::boolean then t.state_updated_at else clock_timestamp() end,
      stream_seq = case when $10::boolean then t.stream_seq + 100000000
        else greatest(t.stream_seq, $11::bigint) end,
      expires_at = clock_timestamp() + make_interval(secs => ttl_minutes * 60),
      updated_at = clock_timestamp()
  where t.thread_id = $12::uuid
)
update runs w set rung_at = clock_timestamp() from next
where w.run_id = next.run_id
returning w.run_id, w.thread_id, w.fence, w.priority;
/* mark_neighbours */
with neighbours as (
  select n.run_id
  from runs n
  where n.status = 'running' and n.lease_owner = any($1::text[]) and not n.in_company
  for no key update skip locked
)
update runs r set in_company = true from neighbours where r.run_id = neighbours.run_id;
commit;

-- reapExpired, put back
/* shorten_orphaned_leases */
with orphaned as materialized (
  select o.run_id, o.fence, o.lease_backend
  from runs o
  where o.status = 'running'
    and o.lease_server = pg_postmaster_start_time()
    and o.lease_expires_at > clock_timestamp() + make_interval(secs => $1::float8)
    and not exists (select from pg_stat_activity a where a.pid = o.lease_backend)
    and o.lease_backend is not null
),
locked as (
  select l.run_id
  from runs l join orphaned o on o.run_id = l.run_id
  where l.status = 'running' and l.fence = o.fence and l.lease_backend = o.lease_backend
  order by l.run_id
  for no key update of l skip locked
)
update runs r set lease_backend = null, lease_expires_at = clock_timestamp() + make_interval(secs => $2::float8)
from locked where r.run_id = locked.run_id;
begin;
select r.run_id
from runs r join threads t on t.thread_id = r.thread_id
where r.status = 'running' and r.lease_expires_at < statement_timestamp()
order by r.lease_expires_at
limit $1
for update of t skip locked;
select r.run_id, r.thread_id, r.fence, r.priority, r.attempt, r.cancel_action, r.lease_owner,
  r.in_company or exists (
    select from runs other
    where other.status = 'running' and other.lease_owner = r.lease_owner and other.run_id <> r.run_id
  ) as in_company
from runs r
where r.run_id = any($1::uuid[])
  and r.status = 'running' and r.lease_expires_at < statement_timestamp()
order by r.run_id
for update;
update "runs"
set "status" = $1, "lease_owner" = $2, "lease_expires_at" = $3, "lease_backend" = $4, "rung_at" = clock_timestamp(), "updated_at" = clock_timestamp()
where "run_id" = $5;
/* mark_neighbours */
with neighbours as (
  select n.run_id
  from runs n
  where n.status = 'running' and n.lease_owner = any($1::text[]) and not n.in_company
  for no key update skip locked
)
update runs r set in_company = true from neighbours where r.run_id = neighbours.run_id;
commit;

-- sweepTemporary
begin;
select t.thread_id
from threads t
where t.temporary and t.updated_at < statement_timestamp() - make_interval(secs => $1::float8)
  and not exists (
    select from runs r where r.thread_id = t.thread_id and r.status in ('pending', 'running')
  )
order by t.updated_at
limit $2
for update skip locked;
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

-- counts
select
  count(*) as pending,
  (select count(*) from runs where status = 'running') as running,
  coalesce(extract(epoch from statement_timestamp() - min(r.run_after)), 0)::float8 as "oldestPendingSeconds"
from runs r
where r.status = 'pending' and r.run_after <= statement_timestamp()
  and not exists (
    select from runs busy where busy.thread_id = r.thread_id and busy.status = 'running'
  );

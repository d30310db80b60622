-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- claim, of a run
with due as (
  select w.delivery_id
  from webhook_deliveries w
  where w.status = 'pending'
    and w.run_id = $1::uuid and w.next_attempt_at <= statement_timestamp()
  order by w.next_attempt_at
  limit 1
  for update skip locked
)
update webhook_deliveries d
set claims = d.claims + 1, fence = d.fence + 1, next_attempt_at = clock_timestamp() + make_interval(secs => $2::float8)
from due
where d.delivery_id = due.delivery_id
returning d.delivery_id, d.run_id, d.thread_id, d.url, d.attempt, d.claims, d.fence, d.payload;

-- claim, the oldest
with due as (
  select w.delivery_id
  from webhook_deliveries w
  where w.status = 'pending'
    and w.next_attempt_at <= statement_timestamp() - make_interval(secs => $1::float8)
  order by w.next_attempt_at
  limit 1
  for update skip locked
)
update webhook_deliveries d
set claims = d.claims + 1, fence = d.fence + 1, next_attempt_at = clock_timestamp() + make_interval(secs => $2::float8)
from due
where d.delivery_id = due.delivery_id
returning d.delivery_id, d.run_id, d.thread_id, d.url, d.attempt, d.claims, d.fence, d.payload;

-- finish, to be tried again
update webhook_deliveries d
set status = $1::text,
    attempt = d.attempt + 1,
    attempts = case
      when jsonb_array_length(d.attempts) < 20 then d.attempts else d.attempts - 0
    end || $2::jsonb,
    last_error = $3::text,
    next_attempt_at = clock_timestamp() + make_interval(secs => $4::float8),
    rung_at = clock_timestamp() + make_interval(secs => $5::float8),
    ended_at = null
where d.delivery_id = $6::uuid and d.fence = $7::int and d.status = 'pending';

-- finish, for good
update webhook_deliveries d
set status = $1::text,
    attempt = d.attempt + 1,
    attempts = case
      when jsonb_array_length(d.attempts) < 20 then d.attempts else d.attempts - 0
    end || $2::jsonb,
    last_error = $3::text,
    next_attempt_at = d.next_attempt_at,
    rung_at = d.rung_at,
    ended_at = clock_timestamp()
where d.delivery_id = $4::uuid and d.fence = $5::int and d.status = 'pending';

-- giveBack
update webhook_deliveries d
set claims = d.claims - 1, next_attempt_at = clock_timestamp(), rung_at = clock_timestamp()
where d.delivery_id = $1::uuid and d.fence = $2::int and d.status = 'pending';

-- unheard
with unheard as (
  select w.delivery_id
  from webhook_deliveries w
  where w.status = 'pending'
    and w.next_attempt_at < statement_timestamp() - make_interval(secs => $1::float8)
    and w.rung_at < statement_timestamp() - make_interval(secs => $2::float8)
  order by w.next_attempt_at
  limit $3
  for update skip locked
)
update webhook_deliveries d set rung_at = clock_timestamp() from unheard
where d.delivery_id = unheard.delivery_id
returning d.run_id, d.thread_id, d.fence;

-- list
    select d.delivery_id, d.run_id, d.thread_id, d.url, d.status, d.attempt, d.attempts, d.last_error,
d.created_at, d.next_attempt_at, d.ended_at
    from webhook_deliveries d left join threads t on t.thread_id = d.thread_id
    where d.run_id = $1::uuid and d.thread_id = $2::uuid and (coalesce(t.metadata, d.owner) @> $3::jsonb and (jsonb_typeof(coalesce(t.metadata, d.owner) -> $4::text) = 'array' and coalesce(t.metadata, d.owner) -> $5::text @> $6::jsonb) and ((coalesce(t.metadata, d.owner) @> $7::jsonb) or (coalesce(t.metadata, d.owner) @> $8::jsonb)))
    order by d.created_at desc;

-- replay
    select d.delivery_id, d.run_id, d.thread_id, d.url, d.status, d.attempt, d.attempts, d.last_error,
d.created_at, d.next_attempt_at, d.ended_at
    from webhook_deliveries d left join threads t on t.thread_id = d.thread_id
    where d.delivery_id = $1::uuid and d.run_id = $2::uuid and d.thread_id = $3::uuid and (coalesce(t.metadata, d.owner) @> $4::jsonb and (jsonb_typeof(coalesce(t.metadata, d.owner) -> $5::text) = 'array' and coalesce(t.metadata, d.owner) -> $6::text @> $7::jsonb) and ((coalesce(t.metadata, d.owner) @> $8::jsonb) or (coalesce(t.metadata, d.owner) @> $9::jsonb)));
    update webhook_deliveries d
    set status = 'pending', attempt = 0, claims = 0, fence = d.fence + 1, last_error = null, ended_at = null,
        next_attempt_at = clock_timestamp(), rung_at = clock_timestamp()
    where d.delivery_id = $1::uuid and d.status <> 'pending'
    returning d.delivery_id, d.run_id, d.thread_id, d.url, d.status, d.attempt, d.attempts, d.last_error,
d.created_at, d.next_attempt_at, d.ended_at, d.fence;

-- sweepEnded
delete from webhook_deliveries d
where d.delivery_id = any(array(
  select w.delivery_id
  from webhook_deliveries w
  where w.ended_at < statement_timestamp() - make_interval(secs => $1::float8)
  order by w.ended_at
  limit $2
  for update skip locked
));

-- counts
select
  count(*) as pending,
  greatest(0, coalesce(extract(epoch from statement_timestamp() - min(d.next_attempt_at)), 0))::float8
    as "oldestDueSeconds"
from webhook_deliveries d
where d.status = 'pending';

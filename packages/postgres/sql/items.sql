-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- put
insert into store_items (namespace, key, value, created_at, updated_at, ttl_minutes, expires_at)
values (
  $1::text[],
  $2,
  $3::jsonb,
  date_trunc('milliseconds', clock_timestamp()),
  date_trunc('milliseconds', clock_timestamp()),
  $4::float8,
  clock_timestamp() + $5::float8 * interval '1 minute'
)
on conflict (namespace, key) do update set
  value = excluded.value,
  created_at = case when store_items.expires_at <= statement_timestamp()
    then excluded.created_at else store_items.created_at end,
  updated_at = greatest(
    date_trunc('milliseconds', clock_timestamp()),
    store_items.updated_at + interval '1 millisecond'
  ),
  ttl_minutes = excluded.ttl_minutes,
  expires_at = excluded.expires_at
where store_items.expires_at <= statement_timestamp() or ((store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) @> $6::jsonb and (jsonb_typeof((store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) -> $7::text) = 'array' and (store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) -> $8::text @> $9::jsonb) and (((store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) @> $10::jsonb) or ((store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) @> $11::jsonb)))
returning 1 as written;

-- put, with vectors
begin;
insert into store_items (namespace, key, value, created_at, updated_at, ttl_minutes, expires_at)
values (
  $1::text[],
  $2,
  $3::jsonb,
  date_trunc('milliseconds', clock_timestamp()),
  date_trunc('milliseconds', clock_timestamp()),
  $4::float8,
  clock_timestamp() + $5::float8 * interval '1 minute'
)
on conflict (namespace, key) do update set
  value = excluded.value,
  created_at = case when store_items.expires_at <= statement_timestamp()
    then excluded.created_at else store_items.created_at end,
  updated_at = greatest(
    date_trunc('milliseconds', clock_timestamp()),
    store_items.updated_at + interval '1 millisecond'
  ),
  ttl_minutes = excluded.ttl_minutes,
  expires_at = excluded.expires_at
where store_items.expires_at <= statement_timestamp() or ((store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) @> $6::jsonb and (jsonb_typeof((store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) -> $7::text) = 'array' and (store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) -> $8::text @> $9::jsonb) and (((store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) @> $10::jsonb) or ((store_items.value || jsonb_build_object('namespace', to_jsonb(store_items.namespace), 'key', store_items.key)) @> $11::jsonb)))
returning 1 as written;
with gone as (delete from store_vectors where (namespace = $1::text[] and key = $2))
insert into store_vectors (namespace, key, item_updated_at, embedding)
select item.namespace, item.key, item.updated_at, given.embedding::real[]
from store_items as item, unnest($3::text[]) as given (embedding)
where (namespace = $4::text[] and key = $5);
commit;

-- get, refreshed
select "namespace", "key", "value", "created_at", "updated_at", "ttl_minutes"
from "store_items"
where (expires_at is null or expires_at > statement_timestamp()) and true and (namespace = $1::text[] and key = $2);
with read as (
  select namespace, key from store_items
  where ttl_minutes is not null and (expires_at is null or expires_at > statement_timestamp()) and ((namespace = $1::text[] and key = $2))
  for update skip locked
)
update store_items i set expires_at = clock_timestamp() + "i"."ttl_minutes" * interval '1 minute'
from read
where i.namespace = read.namespace and i.key = read.key;

-- delete
delete
from "store_items"
where (namespace = $1::text[] and key = $2) and ((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $3::jsonb and (jsonb_typeof((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) -> $4::text) = 'array' and (value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) -> $5::text @> $6::jsonb) and (((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $7::jsonb) or ((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $8::jsonb)));
select "key"
from "store_items"
where (namespace = $1::text[] and key = $2) and (expires_at is null or expires_at > statement_timestamp());

-- search
select "namespace", "key", "value", "created_at", "updated_at", "ttl_minutes"
from "store_items"
where (expires_at is null or expires_at > statement_timestamp()) and ((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $1::jsonb and (jsonb_typeof((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) -> $2::text) = 'array' and (value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) -> $3::text @> $4::jsonb) and (((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $5::jsonb) or ((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $6::jsonb))) and (( namespace >= $7::text[] and namespace < $8::text[] and namespace[1:$9::int] = $10::text[] ) and (jsonb_typeof((value -> $11::text)) = 'number' and (value -> $12::text) > $13::jsonb) and (jsonb_typeof((value -> $14::text)) = 'string' and ((value -> $15::text) #>> '{}') collate "C" <= $16::text collate "C") and not coalesce((value -> $17::text) = any(array(select jsonb_array_elements($18::jsonb))), false) and (value -> $19::text) is distinct
from $20::jsonb)
order by "created_at" desc, "namespace", "key"
limit $21 offset $22;

-- searchNear, without pgvector
    select item.namespace, item.key, v.seq
    from (select namespace, key, created_at, updated_at from store_items where ((expires_at is null or expires_at > statement_timestamp()) and ((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $1::jsonb and (jsonb_typeof((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) -> $2::text) = 'array' and (value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) -> $3::text @> $4::jsonb) and (((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $5::jsonb) or ((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $6::jsonb))) and ((
  namespace >= $7::text[] and namespace < $8::text[]
  and namespace[1:$9::int] = $10::text[]
)))) as item
    left join store_vectors as v
      on v.namespace = item.namespace and v.key = item.key and v.item_updated_at = item.updated_at
    order by item.created_at desc, item.namespace, item.key;
select seq, array_send(embedding) as bytes from store_vectors where seq = any($1::bigint[]);
  select namespace, key, value, created_at, updated_at, ttl_minutes from store_items
  where (namespace, key) in (($1::text[], $2::text)) and ((expires_at is null or expires_at > statement_timestamp()) and ((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $3::jsonb and (jsonb_typeof((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) -> $4::text) = 'array' and (value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) -> $5::text @> $6::jsonb) and (((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $7::jsonb) or ((value || jsonb_build_object('namespace', to_jsonb(namespace), 'key', key)) @> $8::jsonb))) and ((
  namespace >= $9::text[] and namespace < $10::text[]
  and namespace[1:$11::int] = $12::text[]
)));

-- namespaces
select distinct namespace[1:$1::int] as "labels"
from "store_items"
where (expires_at is null or expires_at > statement_timestamp()) and (cardinality(namespace) >= $2::int and namespace[$3::int] = $4 and cardinality(namespace) >= $5::int and namespace[cardinality(namespace) - $6::int] = $7)
order by "labels"
limit $8 offset $9;

-- removeExpired
with expired as (
  select e.namespace, e.key
  from store_items e
  where e.expires_at <= statement_timestamp()
  order by e.expires_at
  limit $1
  for update skip locked
)
delete from store_items i using expired
where i.namespace = expired.namespace and i.key = expired.key;

-- countExpired
select count(*) as expired from (
  select from store_items i where i.expires_at <= statement_timestamp() limit $1
) as found;

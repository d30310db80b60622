-- Generated from the code by `pnpm sql:snapshot`, for reviewers: a change of SQL shows up here.

-- insert
begin;
insert into "assistants" ("assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata")
values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb)
on conflict ("assistant_id") do nothing
returning "assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "created_at", "updated_at";
insert into "assistant_versions" ("assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "created_at") select "assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "updated_at"
from "assistants"
where "assistant_id" = $1;
commit;

-- get
select "assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "created_at", "updated_at"
from "assistants"
where "assistant_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb)));

-- search
select "assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "created_at", "updated_at"
from "assistants"
where (("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb) and (("metadata" @> $5::jsonb) or ("metadata" @> $6::jsonb))) and "metadata" @> $7::jsonb and graph_id = $8 and position(lower($9) in lower(name)) > 0)
order by "name" asc, "assistant_id" asc
limit $10 offset $11;
select count(*) as "total"
from "assistants"
where (("metadata" @> $1::jsonb and (jsonb_typeof("metadata" -> $2::text) = 'array' and "metadata" -> $3::text @> $4::jsonb) and (("metadata" @> $5::jsonb) or ("metadata" @> $6::jsonb))) and "metadata" @> $7::jsonb and graph_id = $8 and position(lower($9) in lower(name)) > 0);

-- update
begin;
select "assistant_id"
from "assistants"
where "assistant_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) for update;
update "assistants"
set "version" = ( select max(v.version) + 1
from assistant_versions v
where v.assistant_id = assistants.assistant_id ), "updated_at" = clock_timestamp(), "name" = $1, "config" = $2::jsonb, "metadata" = "metadata" || $3::jsonb
where "assistant_id" = $4
returning "assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "created_at", "updated_at";
insert into "assistant_versions" ("assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "created_at") select "assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "updated_at"
from "assistants"
where "assistant_id" = $1;
commit;

-- delete
begin;
select "assistant_id"
from "assistants"
where "assistant_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) for update;
delete
from "crons"
where "assistant_id" = $1;
delete
from "runs"
where "assistant_id" = $1 and "ended_at" is not null;
delete
from "assistants"
where "assistant_id" = $1;
commit;

-- versions
select "v"."assistant_id", "v"."version", "v"."graph_id", "v"."name", "v"."description", "v"."config", "v"."context", "v"."metadata", "v"."created_at"
from "assistant_versions" as "v"
inner join "assistants" as "a" on "a"."assistant_id" = "v"."assistant_id"
where "v"."assistant_id" = $1 and "v"."metadata" @> $2::jsonb and ("a"."metadata" @> $3::jsonb and (jsonb_typeof("a"."metadata" -> $4::text) = 'array' and "a"."metadata" -> $5::text @> $6::jsonb) and (("a"."metadata" @> $7::jsonb) or ("a"."metadata" @> $8::jsonb)))
order by "v"."version" desc
limit $9 offset $10;

-- setLatest
begin;
select "assistant_id"
from "assistants"
where "assistant_id" = $1 and ("metadata" @> $2::jsonb and (jsonb_typeof("metadata" -> $3::text) = 'array' and "metadata" -> $4::text @> $5::jsonb) and (("metadata" @> $6::jsonb) or ("metadata" @> $7::jsonb))) for update;
update "assistants" as "a"
set "version" = "v"."version", "graph_id" = "v"."graph_id", "name" = "v"."name", "description" = "v"."description", "config" = "v"."config", "context" = "v"."context", "metadata" = "v"."metadata", "updated_at" = clock_timestamp()
from "assistant_versions" as "v"
where "v"."assistant_id" = "a"."assistant_id" and "a"."assistant_id" = $1 and "v"."version" = $2
returning "a"."assistant_id", "a"."version", "a"."graph_id", "a"."name", "a"."description", "a"."config", "a"."context", "a"."metadata", "a"."created_at", "a"."updated_at";
commit;

-- syncSystem, settings changed
begin;
insert into "assistants" ("assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "system_settings")
values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb)
on conflict ("assistant_id") do nothing
returning "assistant_id";
select "assistant_id"
from "assistants"
where "assistant_id" = $1 and system_settings <> $2::jsonb for update;
update "assistants"
set "version" = ( select max(v.version) + 1
from assistant_versions v
where v.assistant_id = assistants.assistant_id ), "graph_id" = $1, "description" = $2, "config" = $3::jsonb, "context" = $4::jsonb, "system_settings" = $5::jsonb, "updated_at" = clock_timestamp()
where "assistant_id" = $6;
insert into "assistant_versions" ("assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "created_at") select "assistant_id", "version", "graph_id", "name", "description", "config", "context", "metadata", "updated_at"
from "assistants"
where "assistant_id" = $1;
commit;

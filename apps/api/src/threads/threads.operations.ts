import { Type } from "@sinclair/typebox";
import { AnyValue, Id, nullable, rowsOf, Time } from "../http/answer-schemas.js";
import { events, json, nothing, type Operation, operations } from "../http/operation.js";
import { AnyObject, oneOf, ThreadParams } from "../http/schemas.js";
import {
  HistoryBody,
  HistoryQueryString,
  StateAtBody,
  StateParams,
  StatePatchBody,
  StateQuery,
  StateUpdateBody,
  ThreadCountBody,
  ThreadCreateBody,
  ThreadPatchBody,
  ThreadPruneBody,
  ThreadQueryString,
  ThreadSearchBody,
  ThreadStreamQuery,
} from "./threads.schemas.js";

const Interrupt = Type.Object({ id: Type.String(), value: AnyValue }, { title: "Interrupt" });

const Ttl = Type.Object({ strategy: Type.String(), ttl_minutes: Type.Number(), expires_at: Time });

const Thread = Type.Object(
  {
    thread_id: Id,
    created_at: Time,
    updated_at: Time,
    state_updated_at: nullable(Time),
    metadata: AnyObject,
    config: AnyObject,
    context: AnyValue,
    status: oneOf(["idle", "busy", "interrupted", "error"]),
    values: AnyValue,
    interrupts: Type.Record(Type.String(), Type.Array(Interrupt)),
    error: AnyValue,
    ttl: Type.Optional(nullable(Ttl)),
    extracted: Type.Optional(AnyObject),
  },
  { title: "Thread" },
);

const Checkpoint = Type.Object(
  {
    thread_id: Type.String(),
    checkpoint_ns: Type.String(),
    checkpoint_id: Type.Optional(Type.String()),
    checkpoint_map: Type.Optional(nullable(AnyObject)),
  },
  { title: "Checkpoint" },
);

const Task = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    path: AnyValue,
    error: nullable(Type.String()),
    interrupts: Type.Array(Interrupt),
    checkpoint: nullable(Checkpoint),
    state: AnyValue,
    result: AnyValue,
  },
  { title: "ThreadTask" },
);

const State = Type.Object(
  {
    values: AnyValue,
    next: Type.Array(Type.String()),
    tasks: Type.Array(Task),
    metadata: AnyObject,
    created_at: nullable(Type.String()),
    checkpoint: nullable(Checkpoint),
    parent_checkpoint: nullable(Checkpoint),
    interrupts: Type.Array(Interrupt),
  },
  { title: "ThreadState" },
);

const OF_PATH = { params: ThreadParams, problems: [404] };

export const threadOperations: readonly Operation[] = operations("Threads", [
  {
    method: "post",
    path: "/threads",
    summary: "Create a thread: a conversation with one state.",
    body: ThreadCreateBody,
    example: { body: { metadata: { owner: "ada" } } },
    answers: { 200: json("The thread.", Thread) },
    problems: [404, 409],
  },
  {
    method: "post",
    path: "/threads/search",
    summary: "Find threads by metadata, values or status.",
    body: ThreadSearchBody,
    example: { body: { status: "idle", metadata: { owner: "ada" } } },
    answers: { 200: json("A page of threads.", rowsOf(Thread), "X-Pagination-Total", "X-Pagination-Next") },
  },
  {
    method: "post",
    path: "/threads/count",
    summary: "Count threads.",
    body: ThreadCountBody,
    example: { body: { status: "busy" } },
    answers: { 200: json("How many match.", Type.Integer()) },
  },
  {
    method: "post",
    path: "/threads/prune",
    summary: "Delete many threads, or all but the latest state of each.",
    body: ThreadPruneBody,
    example: { body: { thread_ids: [], strategy: "keep_latest" } },
    answers: { 200: json("How many there were.", Type.Object({ pruned_count: Type.Integer() })) },
  },
  {
    method: "post",
    path: "/threads/:thread_id/copy",
    summary: "Copy a thread with its states; runs stay behind.",
    params: ThreadParams,
    answers: { 200: json("The copy.", Thread) },
    problems: [409],
  },
  {
    method: "get",
    path: "/threads/:thread_id",
    summary: "Get a thread.",
    ...OF_PATH,
    query: ThreadQueryString,
    example: { query: "include=ttl" },
    answers: { 200: json("The thread.", Thread) },
  },
  {
    method: "patch",
    path: "/threads/:thread_id",
    summary: "Merge metadata into a thread's, or give it a lifetime.",
    ...OF_PATH,
    body: ThreadPatchBody,
    example: { body: { metadata: { starred: true } } },
    answers: { 200: json("The thread.", Thread), 204: nothing("Changed; asked for with `Prefer: return=minimal`.") },
  },
  {
    method: "delete",
    path: "/threads/:thread_id",
    summary: "Delete a thread with its runs and its state.",
    ...OF_PATH,
    answers: { 204: nothing("Gone.") },
  },
  {
    method: "get",
    path: "/threads/:thread_id/state",
    summary: "Get a thread's state.",
    ...OF_PATH,
    query: StateQuery,
    answers: { 200: json("The state at its head.", State) },
  },
  {
    method: "get",
    path: "/threads/:thread_id/state/:checkpoint_id",
    summary: "Get a thread's state at a checkpoint.",
    params: StateParams,
    query: StateQuery,
    answers: { 200: json("The state at that checkpoint.", State) },
    problems: [404],
  },
  {
    method: "post",
    path: "/threads/:thread_id/state/checkpoint",
    summary: "Get a thread's state at a checkpoint, also of a subgraph.",
    ...OF_PATH,
    query: StateQuery,
    body: StateAtBody,
    example: { body: { checkpoint: { checkpoint_ns: "" } } },
    answers: { 200: json("The state at that checkpoint.", State) },
  },
  {
    method: "post",
    path: "/threads/:thread_id/state",
    summary: "Edit a thread's state by hand, as if a node had returned the values.",
    params: ThreadParams,
    body: StateUpdateBody,
    example: { body: { values: { messages: [{ role: "user", content: "Hello" }] } } },
    answers: { 200: json("The checkpoint that holds the edit.", Type.Object({ checkpoint: Checkpoint })) },
    problems: [404, 409],
  },
  {
    method: "patch",
    path: "/threads/:thread_id/state",
    summary: "Merge metadata into that of the latest state.",
    params: ThreadParams,
    body: StatePatchBody,
    example: { body: { metadata: { rated: 5 } } },
    answers: { 204: nothing("Merged.") },
    problems: [404, 409],
  },
  {
    method: "get",
    path: "/threads/:thread_id/history",
    summary: "List a thread's states, newest first.",
    ...OF_PATH,
    query: HistoryQueryString,
    example: { query: "limit=5" },
    answers: { 200: json("The states.", Type.Array(State)) },
  },
  {
    method: "post",
    path: "/threads/:thread_id/history",
    summary: "List a thread's states, newest first, also of a subgraph or by metadata.",
    ...OF_PATH,
    body: HistoryBody,
    example: { body: { limit: 5 } },
    answers: { 200: json("The states.", Type.Array(State)) },
  },
  {
    method: "get",
    path: "/threads/:thread_id/stream",
    summary: "Read all that happens on a thread, from `Last-Event-ID` on.",
    ...OF_PATH,
    query: ThreadStreamQuery,
    answers: { 200: events("Events of the thread's runs, for as long as somebody reads.", "Location") },
  },
]);

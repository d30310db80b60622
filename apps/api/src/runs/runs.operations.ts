import { Type } from "@sinclair/typebox";
import { AnyValue, Id, rowsOf, Time } from "../http/answer-schemas.js";
import { events, json, nothing, type Operation, operations } from "../http/operation.js";
import { AnyObject, oneOf, RunParams, ThreadParams, ThreadRunParams } from "../http/schemas.js";
import {
  BulkCancelBody,
  BulkCancelQuery,
  CancelQuery,
  JoinQuery,
  JoinStreamQuery,
  RunBatchBody,
  RunCreateBody,
  RunListQuery,
} from "./runs.schemas.js";

const Run = Type.Object(
  {
    run_id: Id,
    thread_id: Id,
    assistant_id: Id,
    created_at: Time,
    updated_at: Time,
    status: oneOf(["pending", "running", "success", "error", "timeout", "interrupted"]),
    metadata: AnyObject,
    kwargs: AnyObject,
    multitask_strategy: Type.String(),
  },
  { title: "Run" },
);

const HELLO = { assistant_id: "agent", input: { messages: [{ role: "user", content: "Hello" }] } };
const STREAMED = { ...HELLO, stream_mode: ["updates", "messages-tuple"] };

const started = json("The run, which waits for a worker.", Run, "Content-Location");
const streamed = events("The run's events, until it ends.", "Content-Location", "Location");
const awaited = json("The values that the run ends with; white space until then.", AnyValue, "Content-Location");
const joined = json("The values that the run ends with; white space until then.", AnyValue, "Location");

export const threadRunOperations: readonly Operation[] = operations("Runs on a thread", [
  {
    method: "post",
    path: "/threads/:thread_id/runs",
    summary: "Start a run in the background.",
    params: ThreadParams,
    body: RunCreateBody,
    example: { body: HELLO },
    answers: { 200: started },
    problems: [404, 409],
  },
  {
    method: "post",
    path: "/threads/:thread_id/runs/stream",
    summary: "Start a run and read its events.",
    params: ThreadParams,
    body: RunCreateBody,
    example: { body: STREAMED },
    answers: { 200: streamed },
    problems: [404, 409],
  },
  {
    method: "post",
    path: "/threads/:thread_id/runs/wait",
    summary: "Start a run and wait for what it ends with.",
    params: ThreadParams,
    body: RunCreateBody,
    example: { body: HELLO },
    answers: { 200: awaited },
    problems: [404, 409],
  },
  {
    method: "get",
    path: "/threads/:thread_id/runs",
    summary: "List a thread's runs, newest first.",
    params: ThreadParams,
    query: RunListQuery,
    example: { query: "status=success&limit=5" },
    answers: { 200: json("The runs.", rowsOf(Run)) },
    problems: [404],
  },
  {
    method: "get",
    path: "/threads/:thread_id/runs/:run_id",
    summary: "Get a run.",
    params: ThreadRunParams,
    answers: { 200: json("The run.", Run) },
    problems: [404],
  },
  {
    method: "delete",
    path: "/threads/:thread_id/runs/:run_id",
    summary: "Delete a run that is over, with the checkpoints it wrote.",
    params: ThreadRunParams,
    answers: { 204: nothing("Gone.") },
    problems: [404, 409],
  },
  {
    method: "get",
    path: "/threads/:thread_id/runs/:run_id/join",
    summary: "Wait for what a run ends with.",
    params: ThreadRunParams,
    query: JoinQuery,
    answers: { 200: joined },
    problems: [404],
  },
  {
    method: "get",
    path: "/threads/:thread_id/runs/:run_id/stream",
    summary: "Read a run's events, from `Last-Event-ID` on.",
    params: ThreadRunParams,
    query: JoinStreamQuery,
    answers: { 200: events("The run's events, until it ends.", "Location") },
    problems: [404],
  },
  {
    method: "post",
    path: "/threads/:thread_id/runs/:run_id/cancel",
    summary: "Cancel a run; `rollback` also takes back what it did.",
    params: ThreadRunParams,
    query: CancelQuery,
    example: { query: "wait=true" },
    answers: { 202: nothing("It will be cancelled."), 204: nothing("It is over; asked for with `wait`.", "Location") },
    problems: [404],
  },
]);

export const statelessRunOperations: readonly Operation[] = operations("Runs without a thread", [
  {
    method: "post",
    path: "/runs",
    summary: "Start a run in the background, on a thread of its own.",
    body: RunCreateBody,
    example: { body: HELLO },
    answers: { 200: started },
    problems: [404],
  },
  {
    method: "post",
    path: "/runs/stream",
    summary: "Start a run on a thread of its own and read its events.",
    body: RunCreateBody,
    example: { body: STREAMED },
    answers: { 200: streamed },
    problems: [404],
  },
  {
    method: "post",
    path: "/runs/wait",
    summary: "Start a run on a thread of its own and wait for what it ends with.",
    body: RunCreateBody,
    example: { body: HELLO },
    answers: { 200: awaited },
    problems: [404],
  },
  {
    method: "post",
    path: "/runs/batch",
    summary: "Start many runs in the background: all of them, or none.",
    body: RunBatchBody,
    example: { body: [HELLO, HELLO] },
    answers: { 200: json("The runs, in the order of the request.", Type.Array(Run)) },
    problems: [404],
  },
  {
    method: "post",
    path: "/runs/cancel",
    summary: "Cancel many runs, by status or by thread.",
    query: BulkCancelQuery,
    body: BulkCancelBody,
    example: { body: { status: "pending" } },
    answers: { 204: nothing("They will be cancelled.") },
    problems: [404],
  },
  {
    method: "get",
    path: "/runs/:run_id/join",
    summary: "Wait for what a run ends with, whatever its thread.",
    params: RunParams,
    query: JoinQuery,
    answers: { 200: joined },
    problems: [404],
  },
  {
    method: "get",
    path: "/runs/:run_id/stream",
    summary: "Read a run's events, whatever its thread, from `Last-Event-ID` on.",
    params: RunParams,
    query: JoinStreamQuery,
    answers: { 200: events("The run's events, until it ends.", "Location") },
  },
]);

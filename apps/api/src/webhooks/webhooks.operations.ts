import { Type } from "@sinclair/typebox";
import { Id, nullable, Time } from "../http/answer-schemas.js";
import { json, type Operation, operations } from "../http/operation.js";
import { oneOf, RunParams, ThreadRunParams } from "../http/schemas.js";
import { DeliveryParams, ThreadDeliveryParams } from "./webhooks.schemas.js";

const Attempt = Type.Object({
  at: Time,
  duration_ms: Type.Integer(),
  response_status: nullable(Type.Integer()),
  error: nullable(Type.String()),
});

const Delivery = Type.Object(
  {
    delivery_id: Id,
    run_id: Id,
    thread_id: Id,
    url: Type.String(),
    status: oneOf(["pending", "delivered", "failed"]),
    attempt: Type.Integer(),
    attempts: Type.Array(Attempt),
    error: nullable(Type.String()),
    created_at: Time,
    next_attempt_at: nullable(Time),
    ended_at: nullable(Time),
  },
  { title: "WebhookDelivery" },
);

const log = json("The deliveries, newest first. None while the run is not over.", Type.Array(Delivery));
const replayed = json("The delivery, which is due again.", Delivery);

export const webhookOperations: readonly Operation[] = operations("Webhooks", [
  {
    method: "get",
    path: "/threads/:thread_id/runs/:run_id/webhooks",
    summary: "See what became of a run's webhook.",
    params: ThreadRunParams,
    answers: { 200: log },
    problems: [404],
  },
  {
    method: "post",
    path: "/threads/:thread_id/runs/:run_id/webhooks/:delivery_id/replay",
    summary: "Send a webhook again, under its old id.",
    params: ThreadDeliveryParams,
    answers: { 202: replayed },
    problems: [404, 409],
  },
  {
    method: "get",
    path: "/runs/:run_id/webhooks",
    summary: "See what became of a run's webhook; also for runs without a thread.",
    params: RunParams,
    answers: { 200: log },
    problems: [404],
  },
  {
    method: "post",
    path: "/runs/:run_id/webhooks/:delivery_id/replay",
    summary: "Send a webhook again, under its old id; also for runs without a thread.",
    params: DeliveryParams,
    answers: { 202: replayed },
    problems: [404, 409],
  },
]);

import { DomainError, noAssistantFor, threadBusy, unavailable } from "@graphfleet/domain";
import type { Request, Response } from "express";
import { jest } from "@jest/globals";
import { problemHandler } from "./problem.js";

function answerTo(error: unknown, headers: Record<string, string> = {}) {
  const sent = { status: 0, type: "", body: undefined as unknown, headers: {} as Record<string, string> };
  const res = {
    headersSent: false,
    getHeader: () => "req-1",
    setHeader: (name: string, value: string) => (sent.headers[name] = value),
    status: (status: number) => Object.assign(res, (sent.status = status) && {}),
    type: (type: string) => Object.assign(res, (sent.type = type) && {}),
    send: (body: unknown) => (sent.body = body),
    json: (body: unknown) => (sent.body = body),
  };
  const log = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  const req = { method: "GET", path: "/x", headers };
  problemHandler(log)(error, req as unknown as Request, res as unknown as Response, () => undefined);
  return { ...sent, logged: log.error.mock.calls.length };
}

describe("problemHandler", () => {
  test("gives everybody the bare message", () => {
    expect(answerTo(noAssistantFor("x"))).toMatchObject({
      status: 404,
      type: "text/plain",
      body: 'No assistant found for "x". Make sure the assistant ID is for a valid assistant or a valid graph ID.',
    });
    expect(answerTo(threadBusy([]), { accept: "*/*" })).toMatchObject({ status: 409, type: "text/plain" });
  });

  test.each([
    ["the Python SDK", { "user-agent": "langgraph-sdk-py/0.3.1", accept: "*/*" }],
    ["who asks for JSON", { accept: "text/html, Application/JSON;q=0.9" }],
  ])("gives %s the same message as a detail", (_who, headers) => {
    expect(answerTo(threadBusy([]), headers)).toMatchObject({
      status: 409,
      body: {
        detail: "Thread is already running a task. Wait for it to finish or choose a different multitask strategy.",
      },
    });
  });

  test("tells when to come back if a part is away", () => {
    expect(answerTo(unavailable("Postgres is away"))).toMatchObject({
      status: 503,
      body: "Postgres is away",
      headers: { "retry-after": "2" },
      logged: 1,
    });
  });

  test("keeps our own faults to the log", () => {
    expect(answerTo(new Error("secret: 123"))).toMatchObject({ status: 500, body: "Internal Server Error", logged: 1 });
    expect(answerTo("thrown text")).toMatchObject({ status: 500, body: "Internal Server Error", logged: 1 });
  });

  test("passes on what Express says about a bad request", () => {
    const error = Object.assign(new URIError("Failed to decode param '%zz'"), { status: 400 });
    expect(answerTo(error)).toMatchObject({ status: 400, body: "Failed to decode param '%zz'", logged: 0 });
  });

  test("never answers a graph's refusal with a status that clients repeat", () => {
    expect(answerTo(new DomainError("graph_failed", "no"))).toMatchObject({ status: 422, body: "no" });
  });
});

import { Type } from "@sinclair/typebox";
import { json, type Operation, operations, text } from "../http/operation.js";
import { AnyObject } from "../http/schemas.js";
import { MetricsQuery, OkQuery } from "./system.schemas.js";

const Info = Type.Object(
  {
    version: Type.String(),
    langgraph_js_version: Type.String(),
    langgraph_py_version: Type.String(),
    context: Type.String(),
    flags: AnyObject,
    host: AnyObject,
    metadata: AnyObject,
  },
  { title: "ServerInfo" },
);

export const systemOperations: readonly Operation[] = operations("System", [
  {
    method: "get",
    path: "/ok",
    summary: "Tell whether this server works; on request whether its databases do.",
    query: OkQuery,
    example: { query: "check_db=1" },
    answers: { 200: json("It does.", Type.Object({ ok: Type.Boolean() })) },
    problems: [500, 503],
  },
  {
    method: "get",
    path: "/info",
    summary: "Tell version and abilities of this server.",
    answers: { 200: json("What it is.", Info) },
  },
  {
    method: "get",
    path: "/metrics",
    summary: "Tell what this server counted, for Prometheus or as JSON.",
    query: MetricsQuery,
    answers: { 200: text("In the text format of Prometheus, or as JSON.", "text/plain") },
  },
  {
    method: "get",
    path: "/openapi.json",
    summary: "Get this description of the API.",
    answers: { 200: json("An OpenAPI 3.1 document.", AnyObject) },
  },
  {
    method: "get",
    path: "/docs",
    summary: "Read this description of the API in a browser.",
    answers: { 200: text("A page that needs nothing from elsewhere.", "text/html") },
  },
]);

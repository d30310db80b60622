import { Client } from "@langchain/langgraph-sdk";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

const client = new Client();
let started = false;
const hooks: unknown[] = [];
const waiting: ((hook: unknown) => void)[] = [];

export const app = new Hono();

app.use("*", async (c, next) => {
  await next();
  c.header("x-wrapped", "yes");
});

app.use("/runs/wait", async (c, next) => {
  const body = await c.req.json();
  body.config = { ...body.config, configurable: { ...body.config?.configurable, "x-org": "from the app" } };
  await next();
});

app.get("/started", (c) => c.json({ started }));

app.get("/threads-of-this-server", async (c) => c.json(await client.threads.search()));

app.get("/ask", (c) =>
  streamSSE(c, async (stream) => {
    const { thread_id: thread } = await client.threads.create();
    for await (const { event } of client.runs.stream(thread, "agent", { input: {}, streamMode: "values" }))
      await stream.writeSSE({ event, data: "{}" });
  }),
);

app.post("/hook", async (c) => {
  const hook: unknown = await c.req.json();
  const listener = waiting.shift();
  if (listener === undefined) hooks.push(hook);
  else listener(hook);
  return c.body(null, 204);
});

app.get("/next-hook", async (c) =>
  c.json((hooks.shift() ?? (await new Promise<unknown>((resolve) => waiting.push(resolve)))) as object),
);

/** Forgets to await something that fails. */
app.get("/stray", (c) => {
  void Promise.reject(new Error("forgotten by the app"));
  return c.json({ pid: process.pid });
});

export function onStartup(): void {
  started = true;
  console.log("the app starts");
}

export async function onShutdown(): Promise<void> {
  console.log("the app stops");
}

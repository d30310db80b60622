import {
  asThreadId,
  type AwaitRun,
  type FollowRun,
  type makeCreateRuns,
  type RecallOutput,
  type Run,
  type ThreadId,
} from "@graphfleet/domain";
import { type Request, type Response, Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import type { Audience } from "../http/audience.js";
import { parse } from "../http/parse.js";
import { ThreadParams } from "../http/schemas.js";
import { sendEvents } from "../http/sse.js";
import { sendWhenReady } from "../http/wait-body.js";
import type { CancelAbandoned } from "./cancel-abandoned.js";
import { runEvents } from "./run-events.js";
import { runView, toRunRequest } from "./run-view.js";
import { RunCreateBody, type RunCreateWire } from "./runs.schemas.js";

export type OnDisconnect = "cancel" | "continue";

export interface RunCreationDeps {
  readonly createRuns: ReturnType<typeof makeCreateRuns>;
  readonly followRun: FollowRun;
  readonly awaitRun: AwaitRun;
  readonly recallOutput: RecallOutput;
  readonly cancelAbandoned: CancelAbandoned;
  /** For requests that do not say. */
  readonly onDisconnect: OnDisconnect;
  readonly audience: Audience;
}

/** The doors for new runs: in the background, streamed, or waited for; on a thread or on one of their own. */
export function runCreationRoutes(deps: RunCreationDeps): Router {
  const { createRuns, followRun, awaitRun, recallOutput, cancelAbandoned, onDisconnect, audience } = deps;
  const router = Router();

  router.post("/threads/:thread_id/runs", (req, res) => start(req, res, threadOf(req)));
  router.post("/threads/:thread_id/runs/stream", (req, res) => stream(req, res, threadOf(req)));
  router.post("/threads/:thread_id/runs/wait", (req, res) => wait(req, res, threadOf(req)));
  router.post("/runs", (req, res) => start(req, res, null));
  router.post("/runs/stream", (req, res) => stream(req, res, null));
  router.post("/runs/wait", (req, res) => wait(req, res, null));

  return router;

  async function start(req: Request, res: Response, threadId: ThreadId | null): Promise<void> {
    const body = parse(RunCreateBody, req.body);

    const run = await create(req, body, threadId, { attached: false });

    res.setHeader("content-location", pathOf(run, threadId));
    res.json(runView(run));
  }

  async function stream(req: Request, res: Response, threadId: ThreadId | null): Promise<void> {
    const body = parse(RunCreateBody, req.body);
    const listener = audience.stream(res);

    const run = await create(req, body, threadId, { attached: true });

    res.setHeader("content-location", pathOf(run, threadId));
    res.setHeader("location", `${pathOf(run, threadId)}/stream`);
    const afterEvent = -1;
    const entries = followRun(run, { afterEvent, signal: listener.signal });
    const modes = run.spec.streamModes;
    await sendEvents(res, runEvents(run, entries, { modes, afterEvent, recallOutput }), listener);
    if ((body.on_disconnect ?? onDisconnect) === "cancel") await cancelAbandoned(run, listener, callerOf(req));
  }

  async function wait(req: Request, res: Response, threadId: ThreadId | null): Promise<void> {
    const body = parse(RunCreateBody, req.body);
    const listener = audience.wait(res);

    const run = await create(req, body, threadId, { attached: true });

    res.setHeader("content-location", pathOf(run, threadId));
    res.setHeader("location", `${pathOf(run, threadId)}/join`);
    await sendWhenReady(res, awaitRun(run, listener.signal), listener);
    if ((body.on_disconnect ?? onDisconnect) === "cancel") await cancelAbandoned(run, listener, callerOf(req));
  }

  async function create(
    req: Request,
    body: RunCreateWire,
    threadId: ThreadId | null,
    { attached }: { readonly attached: boolean },
  ): Promise<Run> {
    const [run] = await createRuns([toRunRequest(body, threadId, attached)], callerOf(req));
    if (run === undefined) throw new Error("One request makes one run");
    return run;
  }
}

const threadOf = (req: Request): ThreadId => asThreadId(parse(ThreadParams, req.params).thread_id);

/** Where the run lives. A stateless run's thread is nobody's business. Clients read the ids out of this, so nothing may follow. */
const pathOf = (run: Run, threadId: ThreadId | null): string =>
  threadId === null ? `/runs/${run.id}` : `/threads/${threadId}/runs/${run.id}`;

import {
  asRunId,
  asThreadId,
  type AwaitRun,
  DomainError,
  type FollowRun,
  type ManageRuns,
  type RecallOutput,
  type RunId,
  type StreamBus,
  type ThreadId,
} from "@graphfleet/domain";
import { type Request, type Response, Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import type { Audience } from "../http/audience.js";
import { parse, parseQuery } from "../http/parse.js";
import { RunParams, ThreadRunParams } from "../http/schemas.js";
import { sendEvents } from "../http/sse.js";
import { sendWhenReady } from "../http/wait-body.js";
import type { CancelAbandoned } from "./cancel-abandoned.js";
import { readingPoint, saysWhere } from "./reading-point.js";
import { runEvents } from "./run-events.js";
import { JoinQuery, JoinStreamQuery } from "./runs.schemas.js";

export interface RunJoiningDeps {
  readonly manageRuns: Pick<ManageRuns, "runToFollow">;
  readonly followRun: FollowRun;
  readonly awaitRun: AwaitRun;
  readonly recallOutput: RecallOutput;
  readonly cancelAbandoned: CancelAbandoned;
  readonly bus: Pick<StreamBus, "replay">;
  readonly audience: Audience;
}

/** Waiting for runs, or reading their events, after they were created; also after a connection broke. */
export function runJoiningRoutes(deps: RunJoiningDeps): Router {
  const { manageRuns, followRun, awaitRun, recallOutput, cancelAbandoned, bus, audience } = deps;
  const router = Router();

  router.get("/threads/:thread_id/runs/:run_id/join", (req, res) => join(req, res, onThread(req)));
  router.get("/threads/:thread_id/runs/:run_id/stream", (req, res) => joinStream(req, res, onThread(req)));
  router.get("/runs/:run_id/join", (req, res) => join(req, res, byItself(req)));
  router.get("/runs/:run_id/stream", async (req, res) => {
    try {
      await joinStream(req, res, byItself(req));
    } catch (error) {
      // A stateless run's thread vanishes with it, so "unknown" is the ordinary end of such a stream.
      if (!(error instanceof DomainError && error.code === "run_not_found")) throw error;
      await sendEvents(res, nothing(), audience.stream(res));
    }
  });

  return router;

  async function join(req: Request, res: Response, { runId, threadId, path }: Joined): Promise<void> {
    const { cancel_on_disconnect } = parseQuery(JoinQuery, req.query);
    const listener = audience.wait(res);

    const run = await manageRuns.runToFollow(runId, threadId, callerOf(req));

    res.setHeader("location", `${path}/join`);
    await sendWhenReady(res, awaitRun(run, listener.signal), listener);
    if (cancel_on_disconnect) await cancelAbandoned(run, listener, callerOf(req));
  }

  async function joinStream(req: Request, res: Response, { runId, threadId, path }: Joined): Promise<void> {
    const { cancel_on_disconnect, stream_mode } = parseQuery(JoinStreamQuery, req.query);
    const listener = audience.stream(res);

    const run = await manageRuns.runToFollow(runId, threadId, callerOf(req));

    res.setHeader("location", `${path}/stream`);
    const lastEventId = req.get("last-event-id");
    const afterEvent = await readingPoint(run, lastEventId, bus);
    const entries = followRun(run, { afterEvent, signal: listener.signal });
    const modes = modesOf(stream_mode) ?? run.spec.streamModes;
    const options = { modes, afterEvent, recallOutput, isBack: saysWhere(lastEventId) };
    await sendEvents(res, runEvents(run, entries, options), listener);
    if (cancel_on_disconnect) await cancelAbandoned(run, listener, callerOf(req));
  }
}

interface Joined {
  readonly runId: RunId;
  /** Null: on whatever thread it is. */
  readonly threadId: ThreadId | null;
  readonly path: string;
}

function onThread(req: Request): Joined {
  const { thread_id, run_id } = parse(ThreadRunParams, req.params);
  return {
    runId: asRunId(run_id),
    threadId: asThreadId(thread_id),
    path: `/threads/${thread_id}/runs/${run_id}`,
  };
}

function byItself(req: Request): Joined {
  const { run_id } = parse(RunParams, req.params);
  return { runId: asRunId(run_id), threadId: null, path: `/runs/${run_id}` };
}

/** An empty list asks for nothing in particular. */
const modesOf = <Mode>(modes: readonly Mode[] | undefined): readonly Mode[] | undefined =>
  modes === undefined || modes.length === 0 ? undefined : modes;

async function* nothing(): AsyncGenerator<never> {}

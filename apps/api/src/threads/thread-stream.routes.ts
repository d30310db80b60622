import { asThreadId, type FollowThread } from "@graphfleet/domain";
import { Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import type { Audience } from "../http/audience.js";
import { parse, parseQuery } from "../http/parse.js";
import { ThreadParams } from "../http/schemas.js";
import { sendEvents } from "../http/sse.js";
import { threadEvents } from "./thread-events.js";
import { ThreadStreamQuery } from "./threads.schemas.js";

export interface ThreadStreamDeps {
  readonly followThread: FollowThread;
  readonly audience: Audience;
}

/** All that happens on a thread, for as long as the client listens. */
export function threadStreamRoutes({ followThread, audience }: ThreadStreamDeps): Router {
  const router = Router();

  router.get("/threads/:thread_id/stream", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const { stream_mode = [], stream_modes = [] } = parseQuery(ThreadStreamQuery, req.query);
    const modes = new Set([...stream_mode, ...stream_modes]);
    const listener = audience.stream(res);

    const id = asThreadId(thread_id);
    const from = await followThread.threadReadingPoint(id, afterOf(req.get("last-event-id")), callerOf(req));

    res.setHeader("location", `/threads/${id}/stream`);
    const news = followThread.followThread(id, { ...from, signal: listener.signal });
    await sendEvents(res, threadEvents(news, modes.size === 0 ? new Set(["run_modes"]) : modes), listener);
  });

  return router;
}

/** The number behind which a reader goes on; -1 for the beginning; null for an id that is none of ours. */
function afterOf(lastEventId: string | undefined): number | null {
  const id = lastEventId?.trim();
  if (id === "-" || id === "-1") return -1;
  return id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : null;
}

import { asThreadId, type CheckpointSelector, type ThreadState } from "@graphfleet/domain";
import { type Request, type Response, Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { toCheckpointSelector } from "../http/checkpoint-selector.js";
import { parse, parseQuery } from "../http/parse.js";
import { ThreadParams } from "../http/schemas.js";
import { checkpointView, stateView, toHistoryQuery, toStateUpdate } from "./state-view.js";
import {
  HistoryBody,
  HistoryQueryString,
  type HistoryWire,
  StateAtBody,
  StateParams,
  StatePatchBody,
  StateQuery,
  StateUpdateBody,
} from "./threads.schemas.js";

export function threadStateRoutes(states: ThreadState): Router {
  const router = Router();

  router.get("/threads/:thread_id/state", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const { subgraphs } = parseQuery(StateQuery, req.query);
    await sendState(req, res, { thread_id, subgraphs, checkpoint: {} });
  });

  router.get("/threads/:thread_id/state/:checkpoint_id", async (req, res) => {
    const { thread_id, checkpoint_id } = parse(StateParams, req.params);
    const { subgraphs } = parseQuery(StateQuery, req.query);
    await sendState(req, res, { thread_id, subgraphs, checkpoint: { checkpointId: checkpoint_id } });
  });

  router.post("/threads/:thread_id/state/checkpoint", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const query = parseQuery(StateQuery, req.query);
    const body = parse(StateAtBody, req.body);
    const subgraphs = body.subgraphs ?? query.subgraphs;
    await sendState(req, res, { thread_id, subgraphs, checkpoint: toCheckpointSelector(body) });
  });

  router.post("/threads/:thread_id/state", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const body = parse(StateUpdateBody, req.body);
    const checkpoint = await states.updateState(asThreadId(thread_id), toStateUpdate(body), callerOf(req));
    res.json({ checkpoint: { checkpoint_map: null, ...checkpointView(checkpoint) } });
  });

  router.patch("/threads/:thread_id/state", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const { metadata } = parse(StatePatchBody, req.body);
    await states.patchState(asThreadId(thread_id), metadata, callerOf(req));
    res.status(204).end();
  });

  router.get("/threads/:thread_id/history", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    await sendHistory(req, res, thread_id, parseQuery(HistoryQueryString, req.query));
  });

  router.post("/threads/:thread_id/history", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    await sendHistory(req, res, thread_id, parse(HistoryBody, req.body));
  });

  return router;

  async function sendState(
    req: Request,
    res: Response,
    wanted: { readonly thread_id: string; readonly subgraphs: boolean; readonly checkpoint: CheckpointSelector },
  ): Promise<void> {
    const { thread_id, subgraphs, checkpoint } = wanted;
    res.json(stateView(await states.getState(asThreadId(thread_id), { subgraphs, checkpoint }, callerOf(req))));
  }

  async function sendHistory(req: Request, res: Response, threadId: string, body: HistoryWire): Promise<void> {
    const history = await states.getHistory(asThreadId(threadId), toHistoryQuery(body), callerOf(req));
    res.json(history.map(stateView));
  }
}

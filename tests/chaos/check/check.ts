import type { HistoryEvent } from "../history.js";
import { deploysAreSilent, statelessRunsAnswer } from "./check-clients.js";
import { cronsFireOnce, webhooksArrive } from "./check-promises.js";
import {
  acknowledgedRunsEnd,
  cancelsAreTrue,
  enqueuedRunsKeepOrder,
  nothingIsLeft,
  oneRunAtATime,
  rowsAreLegal,
} from "./check-runs.js";
import { answersAreRight, logsAreExact, statusesFollowRuns } from "./check-states.js";
import { streamsAreWhole } from "./check-streams.js";
import type { Facts, Violation } from "./facts.js";

const CHECKS: readonly ((history: readonly HistoryEvent[], facts: Facts) => Violation[])[] = [
  acknowledgedRunsEnd,
  rowsAreLegal,
  oneRunAtATime,
  logsAreExact,
  statusesFollowRuns,
  streamsAreWhole,
  nothingIsLeft,
  enqueuedRunsKeepOrder,
  cancelsAreTrue,
  answersAreRight,
  statelessRunsAnswer,
  deploysAreSilent,
  webhooksArrive,
  cronsFireOnce,
];

/** Everything that must hold after every fault, held against what clients saw and what the ledger says. */
export const check = (history: readonly HistoryEvent[], facts: Facts): Violation[] =>
  CHECKS.flatMap((rule) => rule(history, facts));

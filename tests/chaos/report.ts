import os from "node:os";
import { excusedGaps } from "./check/check-streams.js";
import type { Facts, Violation } from "./check/facts.js";
import type { History, HistoryEvent } from "./history.js";

export interface Outcome {
  readonly seed: number;
  readonly minutes: number;
  readonly history: History;
  readonly facts: Facts;
  readonly violations: readonly Violation[];
  /** From the last fault healed to nothing in flight. */
  readonly quietAfterMs: number;
}

type Fault = Extract<HistoryEvent, { kind: "fault" }>;

/** Tables of what was done and what came of it, in Markdown. */
export function reportOf({ seed, minutes, history, facts, violations, quietAfterMs }: Outcome): string {
  const acknowledged = history.of("acknowledged");
  const streamed = history.of("streamed");
  const lost = violations.filter(({ rule }) => rule.startsWith("I1")).length;
  const recovered = history.of("recovered").map(({ ms }) => ms);
  return [
    `Seed ${seed}, ${minutes} minutes of faults, ${os.cpus().length} cores, Node ${process.versions.node}.`,
    "Defaults, except: `BG_JOB_MAX_RETRIES` 20 (so that the kills of one schedule do not use a run's attempts up), grace of",
    "workers 3 s (so that a rolling restart gives runs back), a stopping API takes requests for 2 s and lets waits end for 20 s.",
    "",
    table(
      ["", ""],
      [
        ["faults", history.of("fault").length],
        ["runs acknowledged", acknowledged.length],
        ["**lost**", `**${lost}**`],
        ["violations of any rule", violations.length],
        ["runs whose request got no answer", history.of("unsure").length],
        ["runs that took more than one attempt", facts.runs.filter(({ attempt }) => attempt > 1).length],
        ["streams read", streamed.length],
        ["of these over more than one connection", streamed.filter(({ connections }) => connections > 1).length],
        ["of these with events lost together with Redis", excusedGaps(history.events, facts)],
        ["of these of several megabytes, read slowly", streamed.filter(({ heavy }) => heavy > 0).length],
        ["waits answered", history.of("answered").length],
        ["stateless runs answered", history.of("stateless").length],
        ["webhooks ordered / told", `${history.of("hooked").length} / ${history.of("delivered").length}`],
        ["cron firings", facts.firings.length],
        ["cancels answered", history.of("cancelled").length],
        ["runs taken over from a killed or frozen worker", recovered.length],
        [
          "recovery p50 / p95 / longest",
          `${seconds(at(recovered, 0.5))} / ${seconds(at(recovered, 0.95))} / ${seconds(at(recovered, 1))}`,
        ],
        ...phases(history),
        ["quiet after the last fault", seconds(quietAfterMs)],
        ["load average of the machine at the end", os.loadavg()[0]?.toFixed(1) ?? ""],
      ],
    ),
    "",
    faultTable(history),
    ...(violations.length === 0
      ? []
      : ["", "Violations:", "", ...violations.map(({ rule, text }) => `- ${rule}: ${text}`)]),
    "",
  ].join("\n");
}

/** Where the time of a recovery goes. */
function phases(history: History): (readonly [string, string])[] {
  const recovered = history.of("recovered");
  const lease = recovered.map(({ takenMs }) => takenMs);
  const claim = recovered.map(({ ms, takenMs }) => ms - takenMs);
  const row = (ms: readonly number[]): string => [0.5, 0.95, 1].map((part) => seconds(at(ms, part))).join(" / ");
  return [
    ["of it until the lease sweep took the run away", row(lease)],
    ["of it from there until another worker claimed it", row(claim)],
  ];
}

function faultTable(history: History): string {
  const faults = new Map<string, Fault[]>();
  for (const fault of history.of("fault")) faults.set(fault.name, [...(faults.get(fault.name) ?? []), fault]);
  // A stream that broke goes on where it was.
  const seen = history.of("trouble").filter(({ what }) => what !== "stream");
  const rows = [...faults].toSorted().map(([name, times]) => {
    const during = seen.filter(({ at }) => times.some((fault) => at >= fault.at && at <= fault.until + 2_000));
    const ms = history.of("recovered").flatMap((event) => (event.fault === name ? [event.ms] : []));
    return [name, times.length, during.length, ms.length, seconds(at(ms, 0.5)), seconds(at(ms, 0.95))];
  });
  return table(["fault", "times", "requests that clients saw fail", "runs taken over", "p50", "p95"], rows);
}

/** The value below which a part of all values lies; null of none. */
function at(values: readonly number[], part: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? null;
}

const seconds = (ms: number | null): string => (ms === null ? "" : `${(ms / 1000).toFixed(1)} s`);

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

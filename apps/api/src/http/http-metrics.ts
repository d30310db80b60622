import type { Metrics } from "@graphfleet/chassis";
import type { Log } from "@graphfleet/domain";
import type { RequestHandler } from "express";
import type { PickHeaders } from "./header-rules.js";
import { templateOf } from "./served-by.js";

export interface HttpMetrics {
  readonly middleware: RequestHandler;
  /** Requests by method, path template and status. */
  totals(): Promise<object>;
}

/** Counts and times requests. A request is named by its route's template, so ids do not become label values. */
export function httpMetrics(metrics: Metrics, log: Log, loggedHeaders: PickHeaders): HttpMetrics {
  const labels = ["method", "path", "status"] as const;
  const total = metrics.counter("http_requests_total", "Requests answered", labels);
  const latency = metrics.histogram("http_requests_latency", "Milliseconds until the answer was complete", labels);
  const open = metrics.gauge("http_requests_open", "Requests that are not answered yet, streams among them");

  return {
    middleware: (req, res, next) => {
      const startedAt = performance.now();
      const { path } = req;
      open.inc();
      res.once("close", () => {
        const ms = performance.now() - startedAt;
        const named = { method: req.method, path: templateOf(req), status: String(res.statusCode) };
        open.dec();
        total.inc(named);
        latency.observe(named, ms);
        const headers = loggedHeaders(req.headers);
        const more = Object.keys(headers).length === 0 ? {} : { headers };
        const line = { ...named, path, ms: Math.round(ms), request_id: res.getHeader("x-request-id"), ...more };
        log.debug(line, "request");
      });
      next();
    },
    totals: async () => {
      const { values } = await total.get();
      return { requests_total: values.map(({ labels: named, value }) => ({ ...named, value })) };
    },
  };
}

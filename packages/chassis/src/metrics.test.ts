import { Metrics } from "./metrics.js";

describe("Metrics", () => {
  test("puts the prefix before every name and tells the values", async () => {
    const metrics = new Metrics({ process: false });

    metrics
      .counter("http_requests_total", "Requests served", ["method", "status"])
      .inc({ method: "GET", status: "200" });
    metrics.gauge("workers_active", "Slots in use").set(3);

    const text = await metrics.text();
    expect(text).toContain('lg_api_http_requests_total{method="GET",status="200"} 1');
    expect(text).toContain("lg_api_workers_active 3");
  });

  test("asks a collecting gauge at each scrape", async () => {
    const metrics = new Metrics({ prefix: "fleet_", process: false });
    let pending = 1;
    metrics.gauge("num_pending_runs", "Runs waiting", [], (gauge) => gauge.set(pending));

    expect(await metrics.text()).toContain("fleet_num_pending_runs 1");
    pending = 7;
    expect(await metrics.text()).toContain("fleet_num_pending_runs 7");
  });

  test("counts milliseconds into buckets up to an hour", async () => {
    const metrics = new Metrics({ process: false });

    metrics.histogram("run_execution_latency", "Time of a run").observe(700);

    const text = await metrics.text();
    expect(text).toContain('lg_api_run_execution_latency_bucket{le="500"} 0');
    expect(text).toContain('lg_api_run_execution_latency_bucket{le="1000"} 1');
    expect(text).toContain('lg_api_run_execution_latency_bucket{le="3600000"} 1');
  });

  test("hands the same metric to apps that share a process", () => {
    const metrics = new Metrics({ process: false });

    expect(metrics.counter("server_started_counter", "Starts")).toBe(
      metrics.counter("server_started_counter", "Starts"),
    );
  });

  test("tells about the process itself unless asked not to", async () => {
    expect(await new Metrics().text()).toContain("lg_api_process_cpu_user_seconds_total");
    expect(await new Metrics({ process: false }).text()).not.toContain("process_cpu");
  });
});

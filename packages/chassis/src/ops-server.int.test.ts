import { Metrics } from "./metrics.js";
import { startOpsServer } from "./ops-server.js";

const metrics = new Metrics({ process: false });

/** Listens on a free port below the ephemeral range. */
async function start() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      return await startOpsServer({ metrics, port, host: "127.0.0.1" });
    } catch (error) {
      if (!String(error).includes("EADDRINUSE")) throw error;
    }
  }
}

describe("startOpsServer", () => {
  test("serves over HTTP and stops listening when closed", async () => {
    const server = await start();

    const response = await fetch(`http://127.0.0.1:${server.port}/ok`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ok: true });

    await server.close();
    await expect(fetch(`http://127.0.0.1:${server.port}/ok`)).rejects.toThrow("fetch failed");
  });

  test("names the port when it is taken", async () => {
    const server = await start();

    await expect(startOpsServer({ metrics, port: server.port, host: "127.0.0.1" })).rejects.toThrow(
      `Cannot listen on ops port ${server.port}`,
    );

    await server.close();
  });
});

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { freePort } from "@graphfleet/embedded";
import { CuttingProxy } from "../support/cutting-proxy.js";
import { TestFleet } from "../support/fleet.js";
import { describePython, runPython } from "./support/python.js";

describePython("the Python SDK", (python) => {
  let fleet: TestFleet;
  let proxy: CuttingProxy;
  let scissors: Server;
  let env: Record<string, string>;

  beforeAll(async () => {
    fleet = await TestFleet.start();
    proxy = await CuttingProxy.to(fleet.url);
    scissors = createServer((_req, res) => {
      proxy.cut();
      res.end();
    });
    const port = await freePort();
    scissors.listen(port, "127.0.0.1");
    await once(scissors, "listening");
    env = { GRAPHFLEET_URL: fleet.url, PROXY_URL: proxy.url, CUT_URL: `http://127.0.0.1:${port}` };
  });
  afterAll(async () => {
    scissors?.close();
    proxy?.close();
    await fleet?.stop();
  });

  // Python's own runner names each test; what it says is the message of a failure.
  test.each(["test_async_client", "test_sync_client", "test_remote_graph"])("%s", async (module) => {
    const { code, output } = await runPython(python, module, env);

    if (code !== 0) throw new Error(output);
    expect(output).toMatch(/^OK$/m);
  });
});

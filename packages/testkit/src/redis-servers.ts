import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { findRedis, freePort } from "@graphfleet/embedded";

type Program = NonNullable<Awaited<ReturnType<typeof findRedis>>>;
const SLOTS = 16_384;

/** Redis servers with settings of their own: clusters, sentinels, TLS. */
export class RedisServers {
  readonly folder: string;
  readonly #program: Program;
  readonly #running: ChildProcess[] = [];

  private constructor(folder: string, program: Program) {
    this.folder = folder;
    this.#program = program;
  }

  /** @returns null, and says so aloud, where there is no Redis to start, only, perhaps, one to connect to. */
  static async open(whatIsSkipped: string): Promise<RedisServers | null> {
    const folder = mkdtempSync(join(tmpdir(), "graphfleet-redis-servers-"));
    const program = await findRedis({ cacheDir: process.env.TEST_REDIS_CACHE ?? folder });
    if (program !== null) return new RedisServers(folder, program);
    rmSync(folder, { recursive: true, force: true });
    process.stderr.write(`\n!! SKIPPED, there is no redis-server: ${whatIsSkipped}\n`);
    return null;
  }

  /** Starts a server with these lines of configuration. It may not listen yet: `ask` waits for it. */
  async start(name: string, lines: readonly string[], ...flags: readonly string[]): Promise<ChildProcess> {
    const config = join(this.folder, `${name}.conf`);
    const all = ["bind 127.0.0.1", `dir ${mkdtempSync(join(this.folder, "data-"))}`, 'save ""', ...lines];
    writeFileSync(config, all.join("\n"));
    const { command, args, env } = this.#program;
    const server = spawn(command, [...args, config, ...flags], { env: { ...env }, stdio: "ignore" });
    this.#running.push(server);
    await once(server, "spawn");
    return server;
  }

  /** Starts a cluster of three nodes. @returns the URIs of its nodes in one, as `REDIS_URI` takes them. */
  async startCluster(): Promise<string> {
    const ports = [await freePort(), await freePort(), await freePort()];
    const buses = [await freePort(), await freePort(), await freePort()];
    for (const [i, port] of ports.entries()) {
      const lines = [`port ${port}`, "cluster-enabled yes", `cluster-port ${buses[i]}`, "appendonly no"];
      await this.start(`cluster-${port}`, lines);
      const [from, to] = [Math.floor((i * SLOTS) / 3), Math.floor(((i + 1) * SLOTS) / 3) - 1];
      await this.ask(port, `CLUSTER ADDSLOTSRANGE ${from} ${to}`, isOk);
    }
    for (const [i, port] of ports.entries())
      if (i > 0) await this.ask(ports[0] ?? 0, `CLUSTER MEET 127.0.0.1 ${port} ${buses[i]}`, isOk);
    for (const port of ports)
      await this.ask(port, "CLUSTER INFO", (info) => /cluster_state:ok[^]*cluster_known_nodes:3/.test(info));
    return `redis://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
  }

  /** Asks until the answer will do; a server that is just starting refuses. */
  async ask(port: number, command: string, will: (answer: string) => boolean): Promise<void> {
    while (!will(await answer(port, command))) await sleep(50);
  }

  /** Kills what was started, and removes its files. */
  async close(): Promise<void> {
    for (const server of this.#running) {
      if (server.exitCode !== null || server.signalCode !== null) continue;
      const gone = once(server, "exit");
      server.kill("SIGKILL");
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const isOk = (answer: string): boolean => answer.startsWith("+OK");

/** Empty when nobody answered. */
function answer(port: number, command: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    // Redis also takes plain lines, and hangs up after the last one.
    const socket = connect(port, "127.0.0.1", () => socket.end(`${command}\r\n`));
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}

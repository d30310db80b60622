import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { findRedis, freePort } from "@graphfleet/embedded";

/** A cluster of three primaries with a replica each. */
export interface ReplicatedCluster {
  /** The URIs of its primaries in one, as `REDIS_URI` takes them. */
  readonly uri: string;
  /** `kill -9` of the primary that has this key. Resolves when its replica has taken over. */
  losePrimaryOf(key: string): Promise<void>;
}

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
    return uriOf(await this.#startNodes(3));
  }

  async startReplicatedCluster(): Promise<ReplicatedCluster> {
    const nodes = await this.#startNodes(6);
    const primaries = nodes.slice(0, 3);
    const replicas = nodes.slice(3);
    for (const [i, { port }] of replicas.entries()) {
      const myId = await this.ask(primaries[i]?.port ?? 0, "CLUSTER MYID", (text) => text.startsWith("$40"));
      await this.ask(port, `CLUSTER REPLICATE ${myId.split("\r\n")[1]}`, isOk);
      await this.ask(port, "INFO replication", (info) => info.includes("master_link_status:up"));
    }
    return {
      uri: uriOf(primaries),
      losePrimaryOf: async (key) => {
        const slot = await this.ask(replicas[0]?.port ?? 0, `CLUSTER KEYSLOT ${key}`, (text) => text.startsWith(":"));
        const lost = primaries.findIndex((_node, i) => Number(slot.slice(1)) <= lastSlotOf(i));
        primaries[lost]?.server.kill("SIGKILL");
        const { port } = replicas[lost] as Node;
        await this.ask(port, "INFO replication", (info) => info.includes("role:master"));
        await this.ask(port, "CLUSTER INFO", isWhole);
      },
    };
  }

  /** Starts nodes that know each other; the first three share the slots. */
  async #startNodes(count: number): Promise<readonly Node[]> {
    const nodes: Node[] = [];
    for (let i = 0; i < count; i++) {
      const [port, bus] = [await freePort(), await freePort()];
      const cluster = ["cluster-enabled yes", `cluster-port ${bus}`, "cluster-node-timeout 2000"];
      const server = await this.start(`cluster-${port}`, [`port ${port}`, ...cluster, "appendonly no"]);
      nodes.push({ port, bus, server });
      if (i < 3)
        await this.ask(port, `CLUSTER ADDSLOTSRANGE ${i === 0 ? 0 : lastSlotOf(i - 1) + 1} ${lastSlotOf(i)}`, isOk);
    }
    const [first, ...others] = nodes;
    for (const { port, bus } of others) await this.ask(first?.port ?? 0, `CLUSTER MEET 127.0.0.1 ${port} ${bus}`, isOk);
    for (const { port } of nodes)
      await this.ask(port, "CLUSTER INFO", (info) => isWhole(info) && info.includes(`cluster_known_nodes:${count}`));
    return nodes;
  }

  /** Asks until the answer will do; a server that is just starting refuses. @returns the answer as it came. */
  async ask(port: number, command: string, will: (answer: string) => boolean): Promise<string> {
    for (;;) {
      const said = await answer(port, command);
      if (will(said)) return said;
      await sleep(50);
    }
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

interface Node {
  readonly port: number;
  readonly bus: number;
  readonly server: ChildProcess;
}

/** Of the i-th primary. */
const lastSlotOf = (i: number): number => Math.floor(((i + 1) * SLOTS) / 3) - 1;
const uriOf = (nodes: readonly Node[]): string => `redis://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
const isWhole = (info: string): boolean => info.includes("cluster_state:ok");

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

import { connect } from "node:net";

/** What a server on a loopback port says to one command after our password. */
export type Answer =
  | { readonly kind: "reply"; readonly text: string }
  /** It is ours and busy reading its files. */
  | { readonly kind: "loading" }
  /** Something answers that does not take our password, or is no Redis. */
  | { readonly kind: "stranger"; readonly text: string }
  | { readonly kind: "silent" };

const WAIT_MS = 2_000;

/** Asks `INFO server`: enough to tell whether this is our server, whether it is ready, and which process it is. */
export function askRedis(port: number, password: string): Promise<Answer> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (answer: Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(WAIT_MS, () => finish(heard === "" ? { kind: "silent" } : { kind: "stranger", text: heard }));
    socket.on("error", () => finish({ kind: "silent" }));
    socket.on("close", () => finish(heard === "" ? { kind: "silent" } : { kind: "stranger", text: heard }));
    socket.on("connect", () => socket.write(`AUTH ${password}\r\nPING\r\nINFO server\r\n`));
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
      const answer = judge(heard);
      if (answer !== null) finish(answer);
    });
  });
}

/** Null while more is to come. */
export function judge(heard: string): Answer | null {
  const [auth, ping, ...rest] = heard.split("\r\n");
  if (ping === undefined) return null;
  if (auth !== "+OK") return { kind: "stranger", text: auth ?? "" };
  if (rest.length === 0) return null;
  if (ping.startsWith("-LOADING")) return { kind: "loading" };
  if (ping !== "+PONG") return { kind: "stranger", text: ping };
  const info = rest.join("\r\n");
  return /process_id:\d+\r\n/.test(info) ? { kind: "reply", text: info } : null;
}

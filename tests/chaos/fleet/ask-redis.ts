import { once } from "node:events";
import { connect } from "node:net";

/** Says one thing to Redis on a connection of its own, and returns the answer as it came over the wire. */
export async function askRedis(uri: string, ...words: readonly string[]): Promise<string> {
  const { hostname, port, password } = new URL(uri);
  const socket = connect(Number(port), hostname);
  const commands = [...(password === "" ? [] : [["AUTH", decodeURIComponent(password)]]), words, ["QUIT"]];
  socket.write(commands.map(encode).join(""));
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  await once(socket, "close");
  return answer;
}

/** Keys that would stay for ever, of those that match. */
export async function immortalKeys(uri: string, pattern: string): Promise<readonly string[]> {
  const script =
    "local found = {} for _, key in ipairs(redis.call('KEYS', ARGV[1])) do " +
    "if redis.call('TTL', key) < 0 then found[#found + 1] = key end end return table.concat(found, ' ')";
  const answer = await askRedis(uri, "EVAL", script, "0", pattern);
  const lines = answer.split("\r\n").filter((line) => !/^[+$]/.test(line));
  return lines.flatMap((line) => line.split(" ")).filter((key) => key !== "");
}

const encode = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;

/**
 * Reads server-sent events out of text that arrives in pieces of any size.
 *
 * Call it with each piece; `onEvent` gets every whole event with a name or
 * data. Comments (heartbeats) are skipped. Several data lines are joined as
 * the clients of this protocol do it: without a line break.
 *
 * @param {(event: { event: string, data: string, id: string | null }) => void} onEvent
 * @returns {(piece: string) => void}
 */
export function sseReader(onEvent) {
  let rest = "";
  let event = "";
  let data = "";
  /** @type {string | null} */
  let id = null;

  /** @param {string} line */
  const readLine = (line) => {
    if (line === "") {
      if (event !== "" || data !== "") onEvent({ event, data, id });
      event = "";
      data = "";
      return;
    }
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") event = value;
    else if (name === "data") data += value;
    else if (name === "id") id = value;
  };

  return (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) readLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  };
}

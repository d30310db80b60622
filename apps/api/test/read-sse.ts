export interface ReadEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id: string | undefined;
}

/** Parses a finished event stream. Comments are left out; a malformed frame throws. */
export function eventsIn(text: string): readonly ReadEvent[] {
  return text
    .replaceAll(": heartbeat\n", "")
    .split("\n\n")
    .filter((frame) => frame !== "")
    .map(readFrame);
}

function readFrame(frame: string): ReadEvent {
  const fields = new Map(
    frame.split("\n").map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  return {
    event: fields.get("event") ?? "",
    data: JSON.parse(fields.get("data") ?? "") as unknown,
    id: fields.get("id"),
  };
}

import {
  END,
  OPEN,
  type RunEnd,
  type StreamBus,
  type TapeEntry,
  type TapeSignal,
  type TapeWriter,
} from "../runs/tape.js";
import type { Cipher, Encryption } from "./cipher.js";
import { EncryptionFailed } from "./handlers.js";
import { overlay } from "../overlay.js";
import { openText, sealText } from "./sealed-json.js";

/**
 * A tape whose data is sealed. Numbers, names of events and namespaces stay readable: they are how a tape works. Entries
 * from before there was a key are read as they are. Without encryption it is the tape itself.
 */
export function sealedTape(bus: StreamBus, encryption: Encryption | null): StreamBus {
  if (encryption === null) return bus;
  const { cipher } = encryption;
  return overlay(bus, {
    async open(attempt) {
      if (!cipher.seals) return bus.open(attempt);
      // First the sealer: without a key nothing may be said.
      const seal = await cipher.sealer("tape").catch((error: unknown) => {
        if (error instanceof EncryptionFailed) return error;
        throw error;
      });
      const writer = await bus.open(attempt);
      return seal instanceof EncryptionFailed ? silentWriter(writer, seal) : sealedWriter(writer, seal);
    },
    async *read(threadId, options): AsyncGenerator<TapeSignal> {
      for await (const signal of bus.read(threadId, options)) {
        yield signal.kind === "entry" ? { kind: "entry", entry: await openEntry(cipher, signal.entry) } : signal;
      }
    },
    async *replay(threadId, after): AsyncGenerator<TapeEntry> {
      for await (const entry of bus.replay(threadId, after)) yield await openEntry(cipher, entry);
    },
    async announce(threadId, news, keepSeconds) {
      if (!cipher.seals) return bus.announce(threadId, news, keepSeconds);
      const seal = await cipher.sealer("tape");
      await bus.announce(threadId, { ...news, data: sealText(seal, news.data) }, keepSeconds);
    },
  });
}

function sealedWriter(writer: TapeWriter, seal: (plain: Uint8Array) => Uint8Array): TapeWriter {
  return overlay(writer, {
    append: (event) => writer.append({ ...event, data: sealText(seal, event.data) }),
    close: ({ output, ...end }, keepSeconds) =>
      writer.close(output === undefined ? end : { ...end, output: sealText(seal, output) }, keepSeconds),
  });
}

/** Says nothing but that it is over. */
const silentWriter = (writer: TapeWriter, reason: Error): TapeWriter =>
  overlay(writer, {
    unusable: reason,
    append: () => undefined,
    close: ({ status }, keepSeconds) => writer.close({ status }, keepSeconds),
  });

async function openEntry(cipher: Cipher, entry: TapeEntry): Promise<TapeEntry> {
  if (entry.event === OPEN) return entry;
  if (entry.event !== END) return { ...entry, data: await openText(cipher, "tape", entry.data) };
  // Our own writing.
  const { output, ...end } = JSON.parse(entry.data) as RunEnd;
  if (output === undefined) return entry;
  return { ...entry, data: JSON.stringify({ ...end, output: await openText(cipher, "tape", output) }) };
}

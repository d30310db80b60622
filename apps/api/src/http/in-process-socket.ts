import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";

/*
 * One end of a wire inside this process. Node speaks HTTP over any stream, so a request that never leaves the process is
 * served by the same code as one from outside: streaming, back pressure and hanging up included.
 */
export class InProcessSocket extends Duplex {
  /** The request from outside that this one is the continuation of; null when it began in this process. */
  readonly from: IncomingMessage | null;
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  #other: InProcessSocket | null = null;
  #takeMore: (() => void) | null = null;
  #said = false;

  private constructor(from: IncomingMessage | null) {
    super();
    this.from = from;
    this.encrypted = from !== null && "encrypted" in from.socket && from.socket.encrypted === true;
    this.remoteAddress = from?.socket.remoteAddress ?? "127.0.0.1";
    this.remotePort = from?.socket.remotePort;
  }

  /** Both ends of a new wire. */
  static pair(from: IncomingMessage | null): readonly [InProcessSocket, InProcessSocket] {
    const [here, there] = [new InProcessSocket(from), new InProcessSocket(from)];
    here.#other = there;
    there.#other = here;
    return [here, there];
  }

  /** As `net.Socket` does it: what was written still arrives. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /** Nothing is slow here. */
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }

  override _read(): void {
    const takeMore = this.#takeMore;
    this.#takeMore = null;
    takeMore?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const other = this.#other;
    // Whoever left in peace had heard enough.
    if (other === null || other.destroyed) process.nextTick(done);
    else if (other.push(chunk)) process.nextTick(done);
    else other.#takeMore = done;
  }

  override _final(done: () => void): void {
    this.#said = true;
    this.#other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const other = this.#other;
    this.#takeMore?.();
    this.#takeMore = null;
    // Whoever said everything leaves in peace; else the other end has to learn of it.
    if (!this.#said) process.nextTick(() => other?.destroy());
    done(error);
  }
}

/** The request that came from outside, of which this may be the continuation. */
export function outermost(req: IncomingMessage): IncomingMessage {
  return (req.socket instanceof InProcessSocket ? req.socket.from : null) ?? req;
}

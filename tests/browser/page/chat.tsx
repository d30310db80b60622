/**
 * A chat page as users of `useStream` write it. The address says what to talk to:
 * `?api=<url>&graph=<id>`, and `#<thread id>` once there is a thread.
 *
 * The box takes a message, or the whole input as JSON. All that the hook tells ends up in the page, for tests to read.
 */
import type { Message } from "@langchain/langgraph-sdk";
import { useStream } from "@langchain/langgraph-sdk/react";
import { useRef, useState } from "react";
import { createRoot } from "react-dom/client";

interface State extends Record<string, unknown> {
  messages?: Message[];
}

const address = new URLSearchParams(location.search);
const apiUrl = address.get("api") ?? "";
const graph = address.get("graph") ?? "";

const textOf = ({ content }: Message): string => (typeof content === "string" ? content : JSON.stringify(content));
const human = (content: string) => ({ messages: [{ type: "human" as const, content }] });
const inputOf = (text: string): State => (text.startsWith("{") ? (JSON.parse(text) as State) : human(text));
const reason = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

function Chat() {
  const [threadId, setThreadId] = useState<string | null>(location.hash.slice(1) || null);
  const [runIds, setRunIds] = useState<readonly string[]>([]);
  const [finished, setFinished] = useState(0);
  const [text, setText] = useState("");
  /** Every state of the last answer that was drawn: more than one means that it grew on the screen. */
  const drawn = useRef(new Set<string>());

  const stream = useStream<State>({
    apiUrl,
    apiKey: "any-key",
    assistantId: graph,
    threadId,
    onThreadId: (id) => {
      location.hash = id;
      setThreadId(id);
    },
    reconnectOnMount: true,
    fetchStateHistory: true,
    onCreated: ({ run_id }) => setRunIds((ids) => [...ids, run_id]),
    onFinish: () => setFinished((count) => count + 1),
  });

  const answer = stream.messages.at(-1);
  if (answer?.type === "ai") drawn.current.add(textOf(answer));

  return (
    <main style={{ fontFamily: "sans-serif", maxWidth: 720, margin: "2rem auto" }}>
      <h1>{graph}</h1>
      <ol data-testid="messages">
        {stream.messages.map((message, index) => {
          const metadata = stream.getMessagesMetadata(message, index);
          const before = metadata?.firstSeenState?.parent_checkpoint ?? null;
          const options = metadata?.branchOptions ?? [];
          return (
            <li key={message.id ?? index} data-type={message.type}>
              <b>{message.type}</b> <span>{textOf(message)}</span>{" "}
              {message.type === "human" && (
                <button onClick={() => void stream.submit(human(text), { checkpoint: before })}>Edit</button>
              )}
              {message.type === "ai" && (
                <button onClick={() => void stream.submit(undefined, { checkpoint: before })}>Regenerate</button>
              )}
              {options.map((option, place) => (
                <button key={option} disabled={option === metadata?.branch} onClick={() => stream.setBranch(option)}>
                  Branch {place + 1}
                </button>
              ))}
            </li>
          );
        })}
      </ol>
      <textarea aria-label="Message" rows={3} cols={60} value={text} onChange={(it) => setText(it.target.value)} />
      <p>
        <button onClick={() => void stream.submit(inputOf(text))}>Send</button>
        <button onClick={() => void stream.submit(undefined, { command: { resume: text } })}>Resume</button>
        <button onClick={() => void stream.stop()}>Stop</button>
        <button onClick={() => void stream.joinStream(text)}>Join</button>
      </p>
      <dl>
        <dt>Loading</dt>
        <dd data-testid="loading">{String(stream.isLoading)}</dd>
        <dt>Question</dt>
        <dd data-testid="interrupt">{JSON.stringify(stream.interrupt ?? null)}</dd>
        <dt>Error</dt>
        <dd data-testid="error">{stream.error === undefined ? "" : reason(stream.error)}</dd>
        <dt>Values</dt>
        <dd data-testid="values">{JSON.stringify(stream.values)}</dd>
        <dt>Runs</dt>
        <dd data-testid="runs">{runIds.join(" ")}</dd>
        <dt>Finished</dt>
        <dd data-testid="finished">{finished}</dd>
        <dt>Drawn</dt>
        <dd data-testid="drawn">{drawn.current.size}</dd>
        <dt>Checkpoints</dt>
        <dd data-testid="checkpoints">{stream.history.length}</dd>
      </dl>
    </main>
  );
}

createRoot(document.querySelector("#root")!).render(<Chat />);

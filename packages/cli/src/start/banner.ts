export interface BannerFacts {
  readonly url: string;
  readonly graphs: readonly string[];
  readonly postgres: string;
  readonly redis: string;
  readonly fleet: string;
}

/** What a person sees when the fleet is up: where it is, and two things to try. */
export function banner({ url, graphs, postgres, redis, fleet }: BannerFacts): string {
  const graph = graphs.includes("agent") ? "agent" : (graphs[0] ?? "agent");
  return `
Graphfleet is ready at ${url}

  graphs    ${graphs.join(", ")}
  fleet     ${fleet}
  postgres  ${postgres}
  redis     ${redis}

Try it with curl:

  curl -s ${url}/runs/wait -H 'content-type: application/json' \\
    -d '{"assistant_id": "${graph}", "input": {"messages": [{"role": "user", "content": "What is the weather in Paris?"}]}}'

or with the official SDK (npm install @langchain/langgraph-sdk):

  import { Client } from "@langchain/langgraph-sdk";
  const client = new Client({ apiUrl: "${url}" });
  const thread = await client.threads.create();
  const input = { messages: [{ role: "user", content: "Hello!" }] };
  for await (const { event, data } of client.runs.stream(thread.thread_id, "${graph}", { input, streamMode: "messages-tuple" }))
    console.log(event, data);

Ctrl-C stops everything. Ready: ${url}
`;
}

import { entrypoint, getPreviousState, interrupt, MemorySaver, task } from "@langchain/langgraph";

let shouted = 0;
const shout = task("shout", async (text: string) => ({ text: text.toUpperCase(), time: (shouted += 1) }));

/** Counts its own turns on the thread; its own saver would forget them, and the task would be done twice. */
export const agent = entrypoint(
  { name: "agent", checkpointer: new MemorySaver() },
  async ({ text }: { text: string }) => {
    const turns = (getPreviousState<number>() ?? 0) + 1;
    const { text: loud, time } = await shout(text);
    const answer = interrupt({ loud, time }) as string;
    return entrypoint.final({ value: { said: `${loud} ${answer}`, time, turns }, save: turns });
  },
);

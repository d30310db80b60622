import { tool } from "@langchain/core/tools";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";
import { askForApproval } from "./approval.js";
import { memoryOf } from "./memory.js";

const SKIES = ["sunny", "cloudy", "windy", "rainy"] as const;

/** Invented but stable: the same city always has the same weather, so answers can be tested. */
const getWeather = tool(
  ({ city }) => {
    const mark = Array.from(city.toLowerCase()).reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0);
    return `It is ${SKIES[mark % SKIES.length]} in ${city}, ${8 + (mark % 20)} °C.`;
  },
  {
    name: "get_weather",
    description: "Tells the weather in a city.",
    schema: z.object({ city: z.string().describe("Name of the city") }),
  },
);

const remember = tool(
  async ({ fact }, config: LangGraphRunnableConfig) => {
    await memoryOf(config).add(fact);
    return `I will remember that ${fact}.`;
  },
  {
    name: "remember",
    description: "Keeps a fact about the user for all later conversations.",
    schema: z.object({ fact: z.string().describe("The fact, as a short sentence") }),
  },
);

const Email = z.object({
  to: z.email().describe("Address of the receiver"),
  text: z.string().describe("What the email says"),
});

/**
 * The risky tool: nothing leaves before a person has said yes.
 *
 * Everything above the interrupt runs again when the run is resumed, so the
 * tool does its work only below it, under a key that makes a second try harmless.
 */
const sendEmail = tool(
  async (draft, config: LangGraphRunnableConfig & { toolCallId?: string }) => {
    const decision = askForApproval({
      name: "send_email",
      args: draft,
      description: `Send an email to ${draft.to}?`,
    });
    if (decision.type === "reject") return `The email to ${draft.to} was not sent: ${decision.message}.`;

    const email = decision.type === "edit" ? Email.parse({ ...draft, ...decision.args }) : draft;
    await memoryOf(config).recordEmail(config.toolCallId ?? draft.to, email);
    return `The email to ${email.to} was sent: "${email.text}"`;
  },
  { name: "send_email", description: "Sends an email. A person has to approve it first.", schema: Email },
);

export const tools = [getWeather, remember, sendEmail];

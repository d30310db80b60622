import { interrupt } from "@langchain/langgraph";
import { z } from "zod";

/** What the person may decide about an action. */
type Decision =
  | { readonly type: "approve" }
  | { readonly type: "edit"; readonly args: Record<string, unknown> }
  | { readonly type: "reject"; readonly message: string };

const Approve = z.object({ type: z.literal("approve") });
const Reject = z.object({ type: z.literal("reject"), message: z.string().default("no reason given") });
const Edit = z.object({
  type: z.literal("edit"),
  args: z.record(z.string(), z.unknown()).optional(),
  edited_action: z.object({ args: z.record(z.string(), z.unknown()) }).optional(),
});
const Answer = z.discriminatedUnion("type", [Approve, Reject, Edit]);

/**
 * Pauses the run until a person has decided about one action.
 *
 * The question has the form that agent UIs know (`action_requests`,
 * `review_configs`). Accepted answers, as `command.resume`:
 * `"approve"`, `"reject"`, `{ type: "approve" | "reject" | "edit", … }`, or
 * `{ decisions: [one of these] }`. An answer that is none of them asks again:
 * a risky action is never run on a guess.
 */
export function askForApproval(action: { name: string; args: Record<string, unknown>; description: string }): Decision {
  const question = {
    action_requests: [action],
    review_configs: [{ action_name: action.name, allowed_decisions: ["approve", "edit", "reject"] }],
  };

  for (;;) {
    const decision = toDecision(interrupt<typeof question, unknown>(question));
    if (decision !== null) return decision;
  }
}

function toDecision(resume: unknown): Decision | null {
  const decisions = z.object({ decisions: z.array(z.unknown()).length(1) }).safeParse(resume);
  const single = decisions.success ? decisions.data.decisions[0] : resume;

  const answer = Answer.safeParse(typeof single === "string" ? { type: single } : single);
  if (!answer.success) return null;
  if (answer.data.type !== "edit") return answer.data;

  const args = answer.data.edited_action?.args ?? answer.data.args;
  return args === undefined ? null : { type: "edit", args };
}

import { v4, v5, v7, validate } from "uuid";

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type AssistantId = Id<"assistant">;
export type ThreadId = Id<"thread">;
export type RunId = Id<"run">;
export type CronId = Id<"cron">;
export type DeliveryId = Id<"delivery">;

/** Namespace of the deterministic ids of system assistants. Fixed by the official servers; it is not one of the RFC 9562 namespaces. */
const SYSTEM_ASSISTANT_NAMESPACE = "6ba7b821-9dad-11d1-80b4-00c04fd430c8";

/** True for the textual form of any UUID version. */
export const isUuid = (text: string): boolean => validate(text);

export const asAssistantId = (text: string): AssistantId => text.toLowerCase() as AssistantId;
export const asThreadId = (text: string): ThreadId => text.toLowerCase() as ThreadId;
export const asRunId = (text: string): RunId => text.toLowerCase() as RunId;
export const asCronId = (text: string): CronId => text.toLowerCase() as CronId;
export const asDeliveryId = (text: string): DeliveryId => text.toLowerCase() as DeliveryId;

/** The id that every server gives to the assistant it makes for a graph: same graph id, same assistant id, anywhere. */
export const systemAssistantId = (graphId: string): AssistantId =>
  v5(graphId, SYSTEM_ASSISTANT_NAMESPACE) as AssistantId;

/** Makes ids. A port so that tests can count instead of rolling dice. */
export interface Ids {
  assistant(): AssistantId;
  thread(): ThreadId;
  /** Time-ordered (UUIDv7), so that runs sort by creation. */
  run(): RunId;
  cron(): CronId;
}

export const randomIds: Ids = {
  assistant: () => v4() as AssistantId,
  thread: () => v7() as ThreadId,
  run: () => v7() as RunId,
  cron: () => v7() as CronId,
};

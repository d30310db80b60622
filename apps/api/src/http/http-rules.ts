import type { HttpSettings } from "@graphfleet/runtime";
import type { RequestHandler } from "express";
import { cors } from "./cors.js";
import { noHeaders, type PickHeaders, pickHeaders } from "./header-rules.js";

/** Groups of routes that a project can leave out. */
export type Feature = "assistants" | "threads" | "runs" | "store" | "meta";

const FEATURES: readonly Feature[] = ["assistants", "threads", "runs", "store", "meta"];

/** What a project's `http` makes of the server. */
export interface HttpRules {
  readonly cors: RequestHandler;
  /** What every path begins with: "" or "/something". */
  readonly prefix: string;
  readonly disabled: ReadonlySet<Feature>;
  /** Request headers that runs see. */
  readonly runHeaders: PickHeaders;
  /** Request headers that are logged. */
  readonly loggedHeaders: PickHeaders;
  /** Whether callers are asked who they are before the project's own app sees their requests. */
  readonly authFirst: boolean;
  /** What is open to everybody elsewhere and needs a login here. */
  readonly guarded: readonly string[];
}

export interface HttpRulesSource {
  readonly settings: Omit<HttpSettings, "target">;
  /** Origins whose pages may call this server, where the project does not say. */
  readonly corsOrigins: readonly string[];
  readonly prefix: string;
  /** As `HttpRules.guarded`. */
  readonly guarded?: readonly string[];
}

export function httpRules({ settings, corsOrigins, prefix, guarded = [] }: HttpRulesSource): HttpRules {
  return {
    cors: cors(corsOrigins, settings.cors),
    prefix,
    disabled: new Set(FEATURES.filter((feature) => settings[`disable_${feature}`] === true)),
    runHeaders: pickHeaders(settings.configurableHeaders),
    loggedHeaders: settings.loggingHeaders === null ? noHeaders : pickHeaders(settings.loggingHeaders),
    authFirst: settings.middleware_order === "auth_first" || settings.enable_custom_route_auth === true,
    guarded,
  };
}

/** The value of CORS_ALLOW_ORIGINS. */
export const corsOrigins = (variable = "*"): readonly string[] => listed(variable);

/** The items of a variable that separates them by commas. */
export const listed = (variable: string): readonly string[] =>
  variable
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

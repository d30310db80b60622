import type { AuthSettings } from "@graphfleet/runtime";

/** What the API document says of logging in: `auth.openapi` of langgraph.json. It changes nothing else. */
export type ApiSecurity = NonNullable<AuthSettings["openapi"]>;

/** What servers with API keys say. */
export const API_KEY_SECURITY: ApiSecurity = {
  securitySchemes: {
    apiKey: { type: "apiKey", in: "header", name: "X-Api-Key" },
    bearer: { type: "http", scheme: "bearer", description: "The same key, as a bearer token." },
  },
  security: [{ apiKey: [] }, { bearer: [] }],
};

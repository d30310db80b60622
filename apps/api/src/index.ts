export { openApiKeys, parseApiKeys } from "./auth/api-keys.js";
export { openLoopback } from "./custom/loopback.js";
export { httpRules } from "./http/http-rules.js";
export { openAuth } from "./auth/open-auth.js";
export { type Api, type ApiParts, startApi } from "./api.js";
export { type AppParts, buildApp } from "./app.js";
export { type FleetNumbers, gaugeFleet } from "./fleet-gauges.js";
export { ApiEnv, apiConfig } from "./config.js";

export { type Api, type ApiParts, startApi } from "./api.js";
export { type AppParts, buildApp } from "./app.js";

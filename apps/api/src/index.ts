export { type AppParts, buildApp } from "./app.js";

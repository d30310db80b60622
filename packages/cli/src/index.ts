export { Child, type ChildSpec, describeExit, type Exit } from "./start/child.js";

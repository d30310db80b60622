import { parentPort, workerData } from "node:worker_threads";
import { analyseGraph } from "./analyse-graph.js";
import type { AnalysisRequest } from "./analysis.js";

// A thread for one analysis. The compiler keeps its thread busy for seconds and needs much memory; both end with the thread.
parentPort?.postMessage(analyseGraph(workerData as AnalysisRequest));

/** Sees tries come and go; metrics and tests look through it. */
export interface DeliveryObserver {
  /** A try is over. `given_back`: this worker stops; `lost`: another worker has it by now. */
  tried(outcome: "delivered" | "retry" | "failed" | "given_back" | "lost", durationMs: number): void;
}

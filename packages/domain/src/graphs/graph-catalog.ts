/** Which graphs this project serves. */
export interface GraphCatalog {
  ids(): readonly string[];
  has(graphId: string): boolean;
}

import type { Page } from "@graphfleet/domain";
import type { Response } from "express";

/** Tells how many rows match, and where the next page starts when there is one. */
export function pageHeaders(res: Response, { items, total }: Page<unknown>, offset: number): void {
  const next = offset + items.length;
  res.setHeader("x-pagination-total", String(total));
  if (items.length > 0 && next < total) res.setHeader("x-pagination-next", String(next));
}

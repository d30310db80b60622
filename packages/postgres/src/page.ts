import type { Page, PageRequest } from "@graphfleet/domain";

/** Makes a page of its rows. The rows that match are counted only where the page itself does not tell how many there are. */
export async function pageOf<T>(
  items: readonly T[],
  { limit, offset }: PageRequest,
  countAll: () => Promise<number>,
): Promise<Page<T>> {
  const isLast = items.length < limit && (items.length > 0 || offset === 0);
  return { items, total: isLast ? offset + items.length : await countAll() };
}

const table: Record<string, () => unknown> = {};

export const graph = table["missing"]!();

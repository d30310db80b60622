/** How many tape numbers an attempt owns. No run speaks so often, and 2^53 leaves room for ninety million attempts. */
export const TAPE_BLOCK = 100_000_000;

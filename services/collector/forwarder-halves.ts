import { decodeFlows, encodeFlowsStream } from "@v6meter/batch";
import { contentOf, type MessageValue } from "@v6meter/bus";
import { FIELD_NAMES, FIELDS, type FlowBatch, type FlowColumns, WIDTHS } from "@v6meter/schemas";

/** Rows of a batch as a batch of its own, on the same memory. */
function slice(batch: FlowBatch, from: number, to: number): FlowBatch {
  const columns = Object.fromEntries(
    FIELD_NAMES.map((name) => {
      const width = WIDTHS[FIELDS[name].kind];
      return [name, batch.columns[name].subarray(from * width, to * width)];
    }),
  ) as unknown as FlowColumns;
  return { rows: to - from, capacity: to - from, columns, labels: batch.labels };
}

/**
 * A message of flows as two, with half of its rows and half of its books each; null where it has nothing
 * that could be divided or cannot be read.
 */
export function halves(value: MessageValue): [Uint8Array, Uint8Array] | null {
  let decoded: ReturnType<typeof decodeFlows>;
  try {
    decoded = decodeFlows(contentOf(value));
  } catch {
    return null;
  }
  const { batches, books } = decoded;
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  if (rows < 2 && books.ledger.length < 2 && books.exporters.length < 2) return null;

  const middle = Math.ceil(rows / 2);
  const sides: [FlowBatch[], FlowBatch[]] = [[], []];
  let at = 0;
  for (const batch of batches) {
    const split = Math.min(Math.max(middle - at, 0), batch.rows);
    if (split > 0) sides[0].push(slice(batch, 0, split));
    if (split < batch.rows) sides[1].push(slice(batch, split, batch.rows));
    at += batch.rows;
  }
  const [ledger, exporters] = [Math.ceil(books.ledger.length / 2), Math.ceil(books.exporters.length / 2)];
  const encode = (side: FlowBatch[], from: number) =>
    encodeFlowsStream(side, {
      stage: "decode",
      books: {
        ledger: from === 0 ? books.ledger.slice(0, ledger) : books.ledger.slice(ledger),
        exporters: from === 0 ? books.exporters.slice(0, exporters) : books.exporters.slice(exporters),
      },
    });
  return [encode(sides[0], 0), encode(sides[1], 1)];
}

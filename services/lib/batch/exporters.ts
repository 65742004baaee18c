import { addressText, type FlowBatch, type SessionBatch } from "@v6meter/schemas";

/** Rows of a batch by the exporter they came from. */
export function countByExporter({ columns, rows }: FlowBatch): Map<string, number> {
  return countByAddress(columns.exporter, rows);
}

/** Session events of a batch by the RADIUS client they came from. */
export function countByClient({ columns, rows }: SessionBatch): Map<string, number> {
  return countByAddress(columns.client, rows);
}

/** Rows that came together stand together, so runs are compared. */
function countByAddress(addresses: Uint8Array, rows: number): Map<string, number> {
  const words = new Uint32Array(addresses.buffer, addresses.byteOffset, rows * 4);
  const counts = new Map<string, number>();
  for (let start = 0, end = 0; start < rows; start = end) {
    for (end = start + 1; end < rows && sameAddress(words, start * 4, end * 4); end++);
    const text = addressText(addresses, start * 16);
    counts.set(text, (counts.get(text) ?? 0) + end - start);
  }
  return counts;
}

function sameAddress(words: Uint32Array, a: number, b: number): boolean {
  return (
    words[a] === words[b] &&
    words[a + 1] === words[b + 1] &&
    words[a + 2] === words[b + 2] &&
    words[a + 3] === words[b + 3]
  );
}

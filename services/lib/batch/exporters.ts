import { addressText, type FlowBatch } from "@v6meter/schemas";

/** Rows of a batch by the exporter they came from. Rows of one datagram stand together, so runs are compared. */
export function countByExporter(batch: FlowBatch): Map<string, number> {
  const { exporter } = batch.columns;
  const words = new Uint32Array(exporter.buffer, exporter.byteOffset, batch.rows * 4);
  const counts = new Map<string, number>();
  for (let start = 0, end = 0; start < batch.rows; start = end) {
    for (end = start + 1; end < batch.rows && sameAddress(words, start * 4, end * 4); end++);
    const text = addressText(exporter, start * 16);
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

import { addressBytes, createFlowBatch } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { countByExporter } from "./exporters.ts";

function batchOf(...exporters: string[]) {
  const batch = createFlowBatch(16);
  batch.rows = exporters.length;
  for (const [row, text] of exporters.entries()) {
    batch.columns.exporter.set(addressBytes(text) as Uint8Array, row * 16);
  }
  return batch;
}

test("rows are counted by exporter, wherever they stand", () => {
  const batch = batchOf("192.0.2.1", "192.0.2.1", "2001:db8::1", "192.0.2.1", "192.0.2.2");
  expect([...countByExporter(batch)]).toEqual([
    ["192.0.2.1", 3],
    ["2001:db8::1", 1],
    ["192.0.2.2", 1],
  ]);
});

test("an empty batch has no exporters", () => expect(countByExporter(batchOf()).size).toBe(0));

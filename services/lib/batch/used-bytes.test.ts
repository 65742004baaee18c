import { Random } from "@v6meter/random";
import { createFlowBatch, FIELD_NAMES, resetFlowBatch } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { clearFlowBatch } from "./used-bytes.ts";

test("a batch that is cleared is as one that is reset, whatever byte of whatever row was written", () => {
  const random = new Random(11);
  for (let round = 0; round < 300; round++) {
    const [cleared, reset] = [createFlowBatch(40), createFlowBatch(40)];
    const rows = random.below(41);
    for (const name of FIELD_NAMES.filter(() => random.below(3) === 0)) {
      const column = cleared.columns[name];
      const element = random.below(Math.max(1, (column.length / 40) * rows));
      for (const batch of [cleared, reset]) batch.columns[name][element] = 1 + (round % 255);
    }
    cleared.rows = rows;
    reset.rows = rows;
    clearFlowBatch(cleared);
    resetFlowBatch(reset);
    expect(cleared).toEqual(reset);
  }
});

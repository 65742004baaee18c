import { Random } from "@v6meter/random";
import {
  createFlowBatch,
  FIELD_NAMES,
  FIELDS,
  type FlowBatch,
  type FlowLabels,
  getBigU64,
  LABEL_NAMES,
  WIDTHS,
} from "@v6meter/schemas";

/** A growing list of words a label column's classifier could have handed out. */
export function labelsOf(size: number): FlowLabels {
  const words = Array.from({ length: size }, (_, i) => (i === 0 ? "unknown" : `词${i}`));
  return Object.fromEntries(LABEL_NAMES.map((name) => [name, words])) as unknown as FlowLabels;
}

/** A batch whose every element is drawn from the seed; labels stay below `labels`. */
export function sampleBatch(rows: number, seed: number, labels = 5): FlowBatch {
  const random = new Random(seed);
  const draw = () => random.below(16_777_216);
  const batch = createFlowBatch(rows + 3);
  batch.rows = rows;
  batch.labels = labelsOf(labels);
  for (const name of FIELD_NAMES) {
    const { kind } = FIELDS[name];
    const column = batch.columns[name];
    for (let i = 0; i < rows * WIDTHS[kind]; i++) column[i] = kind === "label" ? draw() % labels : draw() * 257;
    // Times within the range of DateTime64(3).
    if (kind === "time") for (let row = 0; row < rows; row++) column[row * 2 + 1] = draw() % 1000;
  }
  // The first rows hold an IPv4 address and the largest counter.
  batch.columns.src_addr.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1]);
  batch.columns.bytes.set([0xffffffff, 0xffffffff]);
  return batch;
}

/** One element as ClickHouse prints it, by a way that shares nothing with the encoder. */
export function printed(batch: FlowBatch, name: (typeof FIELD_NAMES)[number], row: number): unknown {
  const column = batch.columns[name];
  switch (FIELDS[name].kind) {
    case "label":
      return batch.labels[name as keyof FlowLabels][column[row] as number];
    case "u64":
      return String(getBigU64(column as Uint32Array, row));
    case "time":
      return new Date(Number(getBigU64(column as Uint32Array, row))).toISOString().replace("T", " ").replace("Z", "");
    case "ip":
      return Buffer.from(column.subarray(row * 16, row * 16 + 16) as Uint8Array).toString("hex");
    default:
      return column[row];
  }
}

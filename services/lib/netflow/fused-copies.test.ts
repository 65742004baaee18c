import { Random } from "@v6meter/random";
import { createFlowBatch, FIELD_NAMES } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { stampRows } from "./address-steps.ts";
import { type ColumnCopy, stepOf } from "./column-copy.ts";
import { COPIED_U8, COPIED_U16, COPIED_U32, COPIED_U64 } from "./elements.ts";
import { fuseCopies, offsetsOf, shapeOf } from "./fused-copies.ts";
import { addressViews, columnArrays, type RecordRun } from "./record-run.ts";

const ROWS = 40;
const STRIDE = 200;

/** A run over random bytes; every other record begins with times that are near or far from the export's. */
function runOver(bytes: Uint8Array, random: Random): RecordRun {
  const batch = createFlowBatch(ROWS + 5);
  const view = new DataView(bytes.buffer);
  return {
    view,
    source: view,
    at: random.below(STRIDE),
    stride: STRIDE,
    count: ROWS - random.below(ROWS),
    row: random.below(5),
    columns: batch.columns,
    arrays: columnArrays(batch),
    addresses: addressViews(batch),
    version: 9,
    domain: random.below(2 ** 32),
    exporter: new DataView(random.bytes(16).slice().buffer),
    receivedAtMs: 1_750_000_000_000 + random.below(1_000_000),
    exportMs: random.below(2) === 0 ? random.below(5_000_000) : 1_750_000_000_000,
    uptimeMs: random.below(2 ** 32),
    systemInitMs: -1,
  };
}

function someCopies(random: Random): ColumnCopy[] {
  const place = (length: number) => ({ offset: random.below(150), length });
  const any = () => place(1 + random.below(12));
  const copies: ColumnCopy[] = [
    ...COPIED_U8.map((column) => ({ form: "u8", column, place: any() }) as const),
    ...COPIED_U16.map((column) => ({ form: "u16", column, place: any() }) as const),
    ...COPIED_U32.map((column) => ({ form: "u32", column, place: any() }) as const),
    ...COPIED_U64.map((column) => ({ form: "u64", column, place: any() }) as const),
    { form: "u64", column: "bytes", place: any() },
    { form: "u64", column: "packets", place: any() },
    { form: "time", column: "start_at", place: place(8) },
    { form: "uptime", column: "end_at", place: place(4) },
    { form: "ipv4", column: "src_addr", place: place(4) },
    { form: "ipv6", column: "dst_addr", place: place(16) },
    { form: random.below(2) === 0 ? "ipv4" : "ipv6", column: "next_hop", place: place(16) },
    { form: "ip_version", version: random.below(2) === 0 ? 4 : 6 },
  ];
  return copies.filter(() => random.below(4) > 0);
}

test("the copies of a layout in one loop write what they write one by one", () => {
  const random = new Random(3);
  let times = 0;
  for (let round = 0; round < 300; round++) {
    const bytes = random.bytes((ROWS + 2) * STRIDE).slice();
    // High words of times that exist, so that not all of them are out of range.
    for (let i = 0; i < bytes.length; i++) if (random.below(3) === 0) bytes[i] = 0;
    const copies = someCopies(random);
    const run = runOver(bytes, random);
    fuseCopies(copies)?.(run, offsetsOf(copies));
    const inOneLoop = FIELD_NAMES.map((name) => run.columns[name].slice());
    for (const name of FIELD_NAMES) run.columns[name].fill(0);
    stampRows(run);
    for (const copy of copies) stepOf(copy)(run);
    for (const [i, name] of FIELD_NAMES.entries()) expect(inOneLoop[i], `${round} ${name}`).toEqual(run.columns[name]);
    if (run.columns.start_at.some((word) => word > 0) && run.columns.end_at.some((word) => word > 0)) times++;
  }
  expect(times).toBeGreaterThan(30);
});

test("no length of an integer reads beyond its element", () => {
  for (let length = 1; length <= 12; length++) {
    for (const [form, column] of [
      ["u8", "protocol"],
      ["u16", "src_port"],
      ["u32", "in_if"],
      ["u64", "bytes"],
    ] as const) {
      const bytes = new Uint8Array(length).fill(0xee);
      const run = { ...runOver(bytes, new Random(1)), at: 0, count: 1, row: 0 };
      const copy = { form, column, place: { offset: 0, length } } as ColumnCopy;
      expect(() => fuseCopies([copy])?.(run, offsetsOf([copy])), `${form} of ${length}`).not.toThrow();
      const low = form === "u64" ? Math.min(length, 4) : Math.min(length, run.columns[column].BYTES_PER_ELEMENT);
      expect(run.columns[column][0]).toBe(Number.parseInt("ee".repeat(low), 16));
    }
  }
});

test("copies of one shape share a loop, wherever their elements stand, and others do not", () => {
  const port = { form: "u16", column: "src_port", place: { offset: 4, length: 2 } } as const;
  const version = { form: "ip_version", version: 6 } as const;
  const moved = { ...port, place: { offset: 40, length: 2 } };
  expect(shapeOf([port, version])).toBe(shapeOf([moved, version]));
  for (const other of [
    [port],
    [version, port],
    [port, { ...version, version: 4 } as const],
    [{ ...port, column: "dst_port" } as const, version],
    [{ ...port, place: { offset: 4, length: 4 } }, version],
    [{ ...port, form: "u8", column: "protocol" } as const, version],
  ])
    expect(shapeOf(other), JSON.stringify(other)).not.toBe(shapeOf([port, version]));
});

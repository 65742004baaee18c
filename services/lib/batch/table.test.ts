import { addressBytes } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { arrowFile, select } from "./clickhouse.test-engine.ts";
import { encodeTable } from "./table.ts";

const ADDRESSES = ["2001:db8::1", "192.0.2.1"].map((text) => addressBytes(text) as Uint8Array);

test("ClickHouse reads a small table of every kind", () => {
  const stream = encodeTable({
    a: { kind: "u8", values: [0, 255] },
    b: { kind: "u16", values: [0, 65_535] },
    c: { kind: "u32", values: [0, 4_294_967_295] },
    d: { kind: "u64", values: [1, 18_446_744_073_709_551_615n] },
    e: { kind: "i64", values: [-9_223_372_036_854_775_808n, 9] },
    f: { kind: "f64", values: [-0.5, 1e300] },
    g: { kind: "time", values: [0, 1_795_000_000_123] },
    h: { kind: "ip", values: ADDRESSES },
    i: { kind: "string", values: ["", "沈阳 \"'"] },
    j: { kind: "bool", values: [false, true] },
  });
  const file = arrowFile(stream);
  expect(select(`SELECT * REPLACE (IPv6NumToString(h) AS h) FROM ${file}`)).toEqual([
    {
      a: 0,
      b: 0,
      c: 0,
      d: "1",
      e: "-9223372036854775808",
      f: -0.5,
      g: "1970-01-01 00:00:00.000",
      h: "2001:db8::1",
      i: "",
      j: false,
    },
    {
      a: 255,
      b: 65_535,
      c: 4_294_967_295,
      d: "18446744073709551615",
      e: "9",
      f: 1e300,
      g: "2026-11-18 11:06:40.123",
      h: "::ffff:192.0.2.1",
      i: "沈阳 \"'",
      j: true,
    },
  ]);
  expect(select(`DESCRIBE ${file}`).map(({ type }) => type)).toEqual([
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Int64",
    "Float64",
    "DateTime64(3, 'UTC')",
    "FixedString(16)",
    "String",
    "Bool",
  ]);
});

test("a table of many rows keeps every flag", () => {
  const values = Array.from({ length: 1000 }, (_, i) => i % 3 === 0);
  const file = arrowFile(encodeTable({ flag: { kind: "bool", values } }));
  expect(select(`SELECT flag FROM ${file}`).map(({ flag }) => flag)).toEqual(values);
});

test("a table without rows is a stream without rows", () => {
  const file = arrowFile(encodeTable({ name: { kind: "string", values: [] }, count: { kind: "i64", values: [] } }));
  expect(select(`SELECT count() AS rows FROM ${file}`)).toEqual([{ rows: "0" }]);
});

test("columns of different lengths are refused by name", () => {
  expect(() => encodeTable({ a: { kind: "u8", values: [1, 2] }, b: { kind: "u8", values: [1] } })).toThrow(
    "column b has 1 values, not 2 as a",
  );
});

test("an address that is not 16 bytes is refused", () => {
  expect(() => encodeTable({ a: { kind: "ip", values: [new Uint8Array(4)] } })).toThrow(
    "an address has 4 bytes, not 16",
  );
});

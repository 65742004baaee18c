import { existsSync } from "node:fs";
import { CAPTURE_FOLDERS } from "@v6meter/captures";
import { describe, expect, test } from "vitest";
import { FuzzBooks } from "./books.ts";
import { readCorpus } from "./corpus.ts";
import { fuzzDatagram, MUTATIONS } from "./datagram.ts";
import { watchedFuzz } from "./watch.ts";

const FOLDERS = Object.values(CAPTURE_FOLDERS);
const shared = existsSync(CAPTURE_FOLDERS.shared);
if (!shared) console.warn("NOT USED: ../shared/captures is missing, only the repository's own captures are mutated");

const SEED = Number(process.env.V6METER_FUZZ_SEED ?? 20_261_124);
const DATAGRAMS = 200_000;

test.runIf(process.env.CI)("the shared captures are there", () => expect(shared).toBe(true));

test("a datagram of a run can be made again alone, and differs from seed to seed", () => {
  const corpus = readCorpus([CAPTURE_FOLDERS.own]).map(({ payload }) => payload);
  expect(fuzzDatagram(1, 77, corpus)).toEqual(fuzzDatagram(1, 77, corpus));
  const payloads = (seed: number) => Array.from({ length: 20 }, (_, i) => fuzzDatagram(seed, i, corpus).payload);
  expect(payloads(1)).not.toEqual(payloads(2));
});

test("books that do not balance, and drops under a reason of another stage, are told", () => {
  const exporter = "192.0.2.1";
  const received = { exporter, stage: "decode", outcome: "received", reason: "", count: 3 } as const;
  const held = { exporter, stage: "decode", outcome: "held", reason: "", count: 2 } as const;
  const dropped = { exporter, stage: "decode", outcome: "dropped", reason: "set_length", count: 1 } as const;
  expect(new FuzzBooks().add([received, held, dropped])).toEqual([]);
  expect(new FuzzBooks().add([received, held])).toEqual([
    "192.0.2.1 decode: 3 received, 0 forwarded, 2 held, 0 dropped",
  ]);
  expect(new FuzzBooks().add([received, held, { ...dropped, reason: "header_short" }])).toEqual([
    '192.0.2.1 decode: "header_short" is no reason of this stage',
  ]);
});

describe("a run", () => {
  const options = { seed: SEED, datagrams: 1, folders: [], hangCpuMs: 300 };
  const thread = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

  test("that hangs is ended", async () => {
    const result = await watchedFuzz({ ...options, thread: thread("for (;;);") });
    expect(result).toMatchObject({ outcome: "hung", index: -1, detail: expect.stringContaining("in start") });
  });

  test("that dies is told", async () => {
    const result = await watchedFuzz({ ...options, thread: thread("throw new Error('lost')") });
    expect(result).toMatchObject({ outcome: "died", detail: "lost" });
  });

  test("that gets no processor for longer than a hang may use of it is waited for", async () => {
    // Waiting stands for a machine that has other work: the thread's clock goes on, its processor time does not.
    const starved = `
      import { parentPort } from "node:worker_threads";
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
      parentPort.postMessage({ datagrams: 1 });`;
    const result = await watchedFuzz({ ...options, thread: thread(starved) });
    expect(result).toEqual({ outcome: "finished", report: { datagrams: 1 } });
  });
});

test(`${DATAGRAMS} mutated and random datagrams: nothing thrown, no hang, memory flat, books balanced`, {
  timeout: 240_000,
}, async () => {
  console.info(`fuzz seed ${SEED}`);
  const result = await watchedFuzz({ seed: SEED, datagrams: DATAGRAMS, folders: FOLDERS });
  if (result.outcome !== "finished")
    throw new Error(`seed ${SEED}, datagram ${result.index}: ${JSON.stringify(result)}`);
  const { report } = result;
  console.info(
    `${(report.elapsedMs / 1_000).toFixed(1)} s, ${report.rows} rows, slowest datagram ${report.slowestMs.toFixed(1)} ms`,
  );
  expect(report.violations).toEqual([]);
  expect(report.datagrams).toBe(DATAGRAMS);
  expect(report.books["receive.received"]).toBe(DATAGRAMS);
  // A run that reached nothing would prove nothing.
  for (const name of MUTATIONS) expect(report.mutations[name], name).toBeGreaterThan(1_000);
  expect(report.rows).toBeGreaterThan(50_000);
  expect(report.optionsRecords).toBeGreaterThan(1_000);
  for (const reached of [
    "decode.dropped.no_template_expired",
    "decode.dropped.no_template_overflow",
    "decode.dropped.record_overrun",
    "decode.dropped.set_id_reserved",
    "decode.dropped.set_length",
    "decode.dropped.template_limit",
    "decode.dropped.template_malformed",
    "decode.dropped.template_zero_length",
    "receive.dropped.count_mismatch",
    "receive.dropped.duplicate_datagram",
    "receive.dropped.header_short",
    "receive.dropped.length_mismatch",
    "receive.dropped.too_many_exporters",
    "receive.dropped.version_unknown",
  ])
    expect(report.books[reached], reached).toBeGreaterThan(0);
});

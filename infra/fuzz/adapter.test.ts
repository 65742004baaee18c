import { CAPTURE_FOLDERS } from "@v6meter/captures";
import type { FlowSink } from "@v6meter/netflow";
import { createNodeNetflowV9Decoder } from "@v6meter/netflow/node-netflowv9";
import { addressBytes, createFlowBatch, resetFlowBatch } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { FuzzBooks } from "./books.ts";
import { readCorpus } from "./corpus.ts";
import { fuzzDatagram } from "./datagram.ts";

const EXPORTER = addressBytes("192.0.2.1") as Uint8Array;
const NOW_MS = 1_750_000_000_000;

function sinkOf(rows: number): FlowSink {
  const sink: FlowSink = {
    batch: createFlowBatch(rows),
    full() {
      resetFlowBatch(sink.batch);
      return sink.batch;
    },
  };
  return sink;
}

test("the adapter: the books balance over 20,000 mutated and random datagrams, and nothing is thrown", {
  timeout: 120_000,
}, async () => {
  const corpus = readCorpus([CAPTURE_FOLDERS.own]).map(({ payload }) => payload);
  const decoder = await createNodeNetflowV9Decoder({ maxExporters: 40, maxTemplates: 64, templateTtlMs: 600_000 });
  const books = new FuzzBooks();
  const sink = sinkOf(2_048);
  const exporter = Uint8Array.from(EXPORTER);
  let nowMs = NOW_MS;
  for (let index = 0; index < 20_000; index++) {
    const datagram = fuzzDatagram(7, index, corpus);
    nowMs += datagram.afterMs;
    exporter[15] = datagram.exporter;
    decoder.decode(datagram.payload, exporter, datagram.sourcePort, nowMs, sink);
    if (index % 1_000 !== 999) continue;
    decoder.expire(nowMs);
    expect(books.add(decoder.takeLedger())).toEqual([]);
    decoder.takeState();
    decoder.takeStatus();
  }
  expect(books.sums["receive.received"]).toBe(20_000);
  expect(decoder.totals.flowRecords).toBeGreaterThan(10_000);
});

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createDecoder } from "@v6meter/netflow";
import { createLogger } from "@v6meter/runtime";
import { config as settings } from "@v6meter/schemas";
import { afterEach, expect, test } from "vitest";
import { type Collector, createCollector } from "./collector.ts";
import { booked, recordingBus, v5Datagram } from "./recording-bus.test-data.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function started(batchRows: number) {
  const { bus, published } = recordingBus();
  const { collector: config } = settings.parse({
    collector: { udp: ["127.0.0.1:0"], flush_interval_ms: 60_000, batch_rows: batchRows },
  });
  const logger = createLogger("silent", "test");
  const collector = createCollector({ config, shards: 1, bus, decoder: createDecoder(), logger });
  await collector.start();
  const socket = createSocket("udp4");
  sockets.push(socket);
  socket.connect(collector.addresses[0]?.port ?? 0, "127.0.0.1");
  await once(socket, "connect");
  return { collector, published, socket };
}

/** Sends without giving the event loop to the collector: all of it waits in the kernel. */
function send(socket: Socket, datagrams: number): void {
  for (let i = 0; i < datagrams; i++) socket.send(v5Datagram(i * 30));
}

async function received(collector: Collector, datagrams: number): Promise<void> {
  while (collector.counts().datagrams < datagrams) await new Promise((resolve) => setTimeout(resolve, 2));
}

test("stopping reads what the kernel holds and publishes it before it returns", async () => {
  const { collector, published, socket } = await started(65_536);
  send(socket, 50);
  expect(collector.counts().datagrams).toBe(0);
  await collector.stop();
  expect(published.flatMap(({ bytes }) => bytes)).toEqual(Array.from({ length: 1_500 }, (_, i) => i));
  expect(booked(published, "receive", "received")).toBe(50);
  expect(booked(published, "publish", "forwarded")).toBe(1_500);
});

test("a full batch is published without waiting for the flush interval, the rest of its datagram with it", async () => {
  const { collector, published, socket } = await started(1_024);
  // 34 datagrams are 1,020 records: the 35th fills the batch in its middle.
  send(socket, 35);
  await received(collector, 35);
  while (published.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(published[0]?.rows).toEqual([1_024, 26]);
  expect(booked(published, "receive", "received")).toBe(35);
  expect(booked(published, "publish", "forwarded")).toBe(1_050);
  await collector.stop();
});

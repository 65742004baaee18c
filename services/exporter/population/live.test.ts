import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createDecoder } from "@v6meter/netflow";
import { accountingResponse, decodePacket, type Packet, verifyAccountingRequest } from "@v6meter/radius";
import { addressBytes, createFlowBatch, getU64 } from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAccountingClient } from "./accounting-client.ts";
import { type LiveResult, playLive } from "./live.ts";
import { testPopulation } from "./test-population.ts";

const SECRET = Buffer.from("a secret of the tests");

async function open() {
  const socket = createSocket({ type: "udp4", recvBufferSize: 8 << 20 });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { socket, to: { host: "127.0.0.1", port: socket.address().port } };
}

describe("a day in a moment, sent by UDP", () => {
  const flows: { bytes: Buffer; from: string; port: number; atMs: number }[] = [];
  const requests: { packet: Packet; from: string }[] = [];
  let refused = 0;
  let withheld = 0;
  let result: LiveResult;
  const beganMs = Date.now();

  beforeAll(async () => {
    const collector = await open();
    const server = await open();
    collector.socket.on("message", (bytes, { address, port }) =>
      flows.push({ bytes: Buffer.from(bytes), from: address, port, atMs: Date.now() }),
    );
    server.socket.on("message", (bytes, { address, port }) => {
      const packet = decodePacket(Buffer.from(bytes));
      if (typeof packet === "string" || verifyAccountingRequest(packet, SECRET) !== null) {
        refused++;
        return;
      }
      // The first one is not answered before it comes again.
      if (withheld === 0) {
        withheld++;
        return;
      }
      requests.push({ packet, from: address });
      server.socket.send(accountingResponse(packet, SECRET), port, address);
    });
    result = await playLive({
      scenario: testPopulation((all) => Object.assign(all, { aaa: "half" })),
      seed: 3,
      to: collector.to,
      accounting: { to: server.to, secret: SECRET },
      subscribers: 600,
      days: 1,
      speed: 100_000,
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    collector.socket.close();
    server.socket.close();
  }, 60_000);

  test("every datagram arrives, from as many addresses as there are routers that sent", () => {
    expect(flows).toHaveLength(result.datagrams);
    const sent = result.truth.routers.filter(({ records }) => records > 0).map(({ exporter }) => exporter);
    expect([...new Set(flows.map(({ from }) => from))].sort()).toEqual(sent.sort());
  });

  test("every request is signed with the secret and answered; one that is not answered is sent again", () => {
    expect(refused).toBe(0);
    expect(result.accounting).toEqual({
      requests: result.truth.sessionEvents,
      answered: result.truth.sessionEvents,
      repeated: 1,
      unanswered: 0,
      foreign: 0,
    });
    expect(new Set(requests.map(({ from }) => from)).size).toBeGreaterThan(80);
    expect(result.truth.sessionEvents).toBeGreaterThan(500);
  });

  test("both are told with the present, so that a collector books them now", () => {
    const decoder = createDecoder();
    const batch = createFlowBatch(100_000);
    const sink = {
      batch,
      full: (): never => {
        throw new Error("more rows than there can be");
      },
    };
    for (const { bytes, from, port, atMs } of flows)
      if (from !== "127.86.30.6") decoder.decode(bytes, addressBytes(from) as Uint8Array, port, atMs, sink);
    expect(batch.rows).toBeGreaterThan(500);
    for (let row = 0; row < batch.rows; row++) {
      const endedMs = Number(getU64(batch.columns.end_at, row));
      expect(endedMs).toBeGreaterThan(beganMs - 5_000);
      expect(endedMs).toBeLessThan(Date.now() + 5_000);
    }
    for (const { packet } of requests) {
      const toldMs = 1_000 * (packet.integer("Event-Timestamp") as number);
      expect(toldMs).toBeGreaterThan(beganMs - 5_000);
      expect(toldMs).toBeLessThan(Date.now() + 5_000);
    }
  });

  afterAll(() => {
    flows.length = 0;
    requests.length = 0;
  });
});

test("a server that does not answer is given up after five tries, and that is counted", async () => {
  const nobody = await open();
  const client = await openAccountingClient([{ nas: "nas-1", client: "127.87.1.1" }], nobody.to, SECRET, {
    firstWaitMs: 20,
    lookEveryMs: 5,
  });
  await client.send({ cell: 0, atMs: 0, encode: () => Buffer.alloc(20) });
  await client.settled();
  expect(client.counts).toEqual({ requests: 1, answered: 0, repeated: 4, unanswered: 1, foreign: 0 });
  client.close();
  nobody.socket.close();
});

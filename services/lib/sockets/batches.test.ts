import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { nativeFunctions } from "@v6meter/runtime";
import { afterEach, describe, expect, test } from "vitest";
import {
  type BatchReader,
  bindUdp,
  type OnDatagram,
  readInBatches,
  receiverBacklogBytes,
  watchOwnSockets,
} from "./index.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function reading(host: string, onDatagram: OnDatagram): Promise<{ reader: BatchReader; port: number }> {
  const socket = await bindUdp("test", { host, port: 0 }, { recvBufferSize: 1_048_576 });
  const { port } = socket.address();
  const reader = readInBatches(socket, onDatagram);
  if (!reader) throw new Error("the socket was not taken over");
  ends.push(() => reader.close());
  return { reader, port };
}

async function sender(host: string, port: number): Promise<Socket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.connect(port, host);
  await once(socket, "connect");
  ends.push(() => socket.close());
  return socket;
}

async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error("it did not come to hold in time");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const systemCalls = nativeFunctions({ recvmmsg: { arguments: [], return: "i32" } });
if (!systemCalls && process.env.CI) throw new Error("recvmmsg cannot be called: CI cannot go without it");

describe.runIf(systemCalls)("reading in batches", () => {
  test.each(["127.0.0.1", "::1"])(
    "on %s every datagram is given with its bytes and its sender, in order",
    async (host) => {
      const seen: { text: string; from: string }[] = [];
      const { port } = await reading(host, (payload, address, from) => {
        seen.push({ text: Buffer.from(payload).toString("latin1"), from: `${address} ${from}` });
        payload.fill(0xff);
      });
      const senders = await Promise.all([sender(host, port), sender(host, port)]);
      const sizes = [0, 1, 1_400, 9_000, 60_000];
      const expected: typeof seen = [];
      for (let n = 0; n < 150; n++) {
        const from = senders[n % 2] as Socket;
        const text = `${n}`
          .padEnd(n % 50 === 7 ? (sizes[n % sizes.length] as number) : 20, ".")
          .slice(0, sizes[n % 50] ?? 60_000);
        from.send(Buffer.from(text, "latin1"));
        expected.push({ text, from: `${host} ${from.address().port}` });
      }
      await until(() => seen.length >= expected.length);
      expect(seen).toEqual(expected);
    },
  );

  test("the address stays taken, and its drops are told, until the reader is closed", async () => {
    const { reader, port } = await reading("127.0.0.1", () => {});
    const at = { host: "127.0.0.1", port };
    await expect(bindUdp("test", at)).rejects.toThrow("EADDRINUSE");
    expect(watchOwnSockets([at]).read()).toMatchObject([{ local: at, drops: 0 }]);
    reader.ignore();
    await expect(bindUdp("test", at)).rejects.toThrow("EADDRINUSE");
    reader.close();
    (await bindUdp("test", at)).close();
    expect(receiverBacklogBytes(port)).toBeNull();
  });

  test("a reader that is closed by what it gives out gives out no more", async () => {
    let seen = 0;
    const { reader, port } = await reading("127.0.0.1", () => {
      if (++seen === 3) reader.close();
    });
    const from = await sender("127.0.0.1", port);
    for (let n = 0; n < 10; n++) from.send("datagram");
    await until(() => seen >= 3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toBe(3);
  });
});

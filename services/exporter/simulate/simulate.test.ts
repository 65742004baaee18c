import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DEMO_SCENARIO, loadScenario } from "../scenario/load.ts";
import { simulate } from "./simulate.ts";

interface Arrivals {
  datagrams: number;
  readonly bySource: Map<string, number>;
}

let receiver: Socket;
let port: number;
let arrivals: Arrivals;

beforeEach(async () => {
  arrivals = { datagrams: 0, bySource: new Map() };
  receiver = createSocket("udp4");
  receiver.on("message", (_bytes, { address }) => {
    arrivals.datagrams++;
    arrivals.bySource.set(address, (arrivals.bySource.get(address) ?? 0) + 1);
  });
  receiver.bind(0, "127.0.0.1");
  await once(receiver, "listening");
  port = receiver.address().port;
});
afterEach(() => {
  receiver.close();
});

/** What is still in the kernel is delivered before a timer of the next turn. */
async function settled(datagrams: number): Promise<void> {
  for (let turn = 0; turn < 500 && arrivals.datagrams < datagrams; turn++)
    await new Promise((resolve) => setTimeout(resolve, 2));
}

const scenario = loadScenario(DEMO_SCENARIO);

test("every datagram of the truth arrives, from the router's own address", async () => {
  const truth = await simulate({
    scenario,
    seed: 5,
    to: { host: "127.0.0.1", port },
    records: 5_000,
    ratePerS: Number.POSITIVE_INFINITY,
  });
  await settled(truth.datagrams);
  expect(arrivals.datagrams).toBe(truth.datagrams);
  expect(Object.fromEntries(arrivals.bySource)).toEqual(
    Object.fromEntries(truth.routers.map(({ exporter, datagrams }) => [exporter, datagrams])),
  );
});

test("more records than a day holds: the day is repeated and the truth counts every repetition", async () => {
  const truth = await simulate({
    scenario: { ...scenario, records: 1_500 },
    seed: 5,
    to: { host: "127.0.0.1", port },
    records: 4_000,
    ratePerS: Number.POSITIVE_INFINITY,
  });
  await settled(truth.datagrams);
  expect(arrivals.datagrams).toBe(truth.datagrams);
  expect(truth.records).toBeGreaterThanOrEqual(4_000);
  expect(truth.records).toBeLessThan(4_100);
  expect(truth.routers.find(({ name }) => name === "ln-mobile-pgw-1")?.restarts).toBe(3);
});

test("an abort ends it with the truth of what was sent until then", async () => {
  const abort = new AbortController();
  const truth = await simulate({
    scenario,
    seed: 5,
    to: { host: "127.0.0.1", port },
    records: 20_000,
    ratePerS: 20_000,
    signal: abort.signal,
    onProgress: ({ records }) => {
      if (records > 100) abort.abort();
    },
  });
  await settled(truth.datagrams);
  expect(truth.records).toBeLessThan(20_000);
  expect(arrivals.datagrams).toBe(truth.datagrams);
});

test("over IPv6 loopback, where routers cannot have addresses of their own, the truth names the one they share", async () => {
  const six = createSocket("udp6");
  six.bind(0, "::1");
  await once(six, "listening");
  try {
    const truth = await simulate({
      scenario,
      seed: 5,
      to: { host: "::1", port: six.address().port },
      records: 500,
      ratePerS: Number.POSITIVE_INFINITY,
    });
    expect(new Set(truth.routers.map(({ exporter }) => exporter))).toEqual(new Set(["::"]));
  } finally {
    six.close();
  }
});

test("a host that does not exist is told in one sentence", async () => {
  const never = simulate({
    scenario,
    seed: 1,
    to: { host: "no-such-host.invalid", port: 1 },
    records: 100,
    ratePerS: 1,
  });
  await expect(never).rejects.toThrow("no-such-host.invalid:1: the host is not known");
});

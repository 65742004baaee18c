import { expect, test } from "vitest";
import { Coordinator } from "./coordinator.ts";
import type { Datagram, Told } from "./messages.ts";

const NOW_MS = 1_000_000;

function coordinatorOf(processes: number[], maxExporters = 100) {
  const told: [process: number, message: Told][] = [];
  const coordinator = new Coordinator({ maxExporters, tell: (process, message) => told.push([process, message]) });
  for (const process of processes) coordinator.join(process);
  return { coordinator, take: () => told.splice(0) };
}

const datagram = (exporter: string, bytes = 10): Datagram => ({
  exporter,
  port: 1,
  receivedAtMs: NOW_MS,
  payload: new Uint8Array(bytes),
});

test("a claim is answered to who asks, and strays go to who has their exporter", () => {
  const { coordinator, take } = coordinatorOf([1, 2]);
  coordinator.hear(1, { kind: "claim", exporters: ["a", "b"] }, NOW_MS);
  coordinator.hear(2, { kind: "claim", exporters: ["b", "c"] }, NOW_MS);
  expect(take()).toEqual([
    [1, { kind: "granted", exporters: ["a", "b"] }],
    [2, { kind: "foreign", exporters: ["b"] }],
    [2, { kind: "granted", exporters: ["c"] }],
  ]);
  const strays = [datagram("a"), datagram("c"), datagram("b")];
  coordinator.hear(1, { kind: "strays", datagrams: strays }, NOW_MS);
  expect(take()).toEqual([
    [1, { kind: "strays", batch: 1, from: 1, datagrams: [strays[0], strays[2]] }],
    [2, { kind: "strays", batch: 2, from: 1, datagrams: [strays[1]] }],
  ]);
  expect(coordinator.counts.strays).toBe(3);
});

test("strays that a process had not taken when it ended go to another, those it had taken do not", () => {
  const { coordinator, take } = coordinatorOf([1, 2, 3]);
  coordinator.hear(2, { kind: "claim", exporters: ["a"] }, NOW_MS);
  const [first, second] = [datagram("a"), datagram("a")];
  coordinator.hear(1, { kind: "strays", datagrams: [first] }, NOW_MS);
  coordinator.hear(1, { kind: "strays", datagrams: [second] }, NOW_MS);
  coordinator.hear(2, { kind: "took", batch: 1 }, NOW_MS);
  take();
  coordinator.leave(2, NOW_MS);
  expect(take()).toEqual([
    [1, { kind: "granted", exporters: ["a"] }],
    [1, { kind: "strays", batch: 3, from: 2, datagrams: [second] }],
  ]);
});

test("strays wait for a process where there is none", () => {
  const { coordinator, take } = coordinatorOf([1, 2]);
  coordinator.hear(1, { kind: "claim", exporters: ["a"] }, NOW_MS);
  coordinator.hear(2, { kind: "strays", datagrams: [datagram("a")] }, NOW_MS);
  coordinator.leave(2, NOW_MS);
  coordinator.leave(1, NOW_MS);
  take();
  coordinator.join(3);
  expect(take().map(([process, { kind }]) => [process, kind])).toEqual([
    [3, "granted"],
    [3, "strays"],
  ]);
  expect(coordinator.counts.lostStrays).toBe(0);
});

test("what a process is too slow to take, and what there is no room for, is booked and never silently gone", () => {
  const { coordinator, take } = coordinatorOf([1, 2]);
  coordinator.hear(2, { kind: "claim", exporters: ["a"] }, NOW_MS);
  take();
  const large = [datagram("a", 40_000_000)];
  coordinator.hear(1, { kind: "strays", datagrams: large }, NOW_MS);
  coordinator.hear(1, { kind: "strays", datagrams: [...large, datagram("a")] }, NOW_MS);
  expect(take().map(([process, message]) => [process, message.kind])).toEqual([
    [2, "strays"],
    [1, "refused"],
  ]);
  coordinator.hear(2, { kind: "took", batch: 1 }, NOW_MS);
  coordinator.hear(1, { kind: "strays", datagrams: large }, NOW_MS);
  expect(take().map(([process, message]) => [process, message.kind])).toEqual([[2, "strays"]]);
  coordinator.leave(1, NOW_MS);
  coordinator.leave(2, NOW_MS);
  coordinator.hear(1, { kind: "strays", datagrams: large }, NOW_MS);
  expect(coordinator.counts.lostStrays).toBe(1);
});

test("what is refused is booked by who received it, or where that has ended by who has the exporter", () => {
  const { coordinator, take } = coordinatorOf([1, 2], 1);
  coordinator.hear(2, { kind: "claim", exporters: ["a"] }, NOW_MS);
  coordinator.hear(1, { kind: "claim", exporters: ["b"] }, NOW_MS);
  expect(take().at(-1)).toEqual([1, { kind: "too_many", exporters: ["b"] }]);
  coordinator.hear(1, { kind: "strays", datagrams: [datagram("b"), datagram("b")] }, NOW_MS);
  expect(take()).toEqual([
    [1, { kind: "refused", refusals: [{ exporter: "b", reason: "too_many_exporters", datagrams: 2 }] }],
  ]);
  coordinator.leave(1, NOW_MS);
  coordinator.hear(1, { kind: "strays", datagrams: [datagram("a", 80_000_000)] }, NOW_MS);
  expect(take()).toEqual([[2, { kind: "refused", refusals: [{ exporter: "a", reason: "queue_full", datagrams: 1 }] }]]);
});

test("an exporter that moves goes where it is sent to, and one whose state is left alone for a minute is looked after", () => {
  const { coordinator, take } = coordinatorOf([1, 2]);
  coordinator.hear(1, { kind: "known", exporters: ["a", "z"] }, NOW_MS);
  coordinator.hear(1, { kind: "claim", exporters: ["a"] }, NOW_MS);
  take();
  coordinator.hear(2, { kind: "moved", moves: [["a", 2]] }, NOW_MS);
  expect(take()).toEqual([]);
  coordinator.hear(1, { kind: "moved", moves: [["a", 2]] }, NOW_MS);
  expect(take()).toEqual([[2, { kind: "granted", exporters: ["a"] }]]);
  coordinator.adopt(NOW_MS + 59_999);
  expect(take()).toEqual([]);
  coordinator.adopt(NOW_MS + 60_000);
  expect(take()).toEqual([[1, { kind: "granted", exporters: ["z"] }]]);
  expect(coordinator.claims).toBe(2);
});

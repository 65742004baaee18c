import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bus, openEmbeddedBus } from "@v6meter/bus";
import { createLogger } from "@v6meter/runtime";
import { Fault, config as settings } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Collectors, createCollectors } from "../collectors.ts";
import { Fleet, Harvest, RECORDS_PER_DATAGRAM } from "./fleet.test-data.ts";

const PARTITIONS = 2;
const EXPORTERS = 40;

let folder: string;
let bus: Bus;
let collectors: Collectors | undefined;
let fleet: Fleet | undefined;
const exits: Error[] = [];

beforeEach(async () => {
  exits.length = 0;
  folder = mkdtempSync(join(tmpdir(), "v6meter-processes-"));
  bus = await openEmbeddedBus({ path: join(folder, "bus"), partitions: PARTITIONS, maxBytes: 500_000_000 });
});
afterEach(async () => {
  await collectors?.stop().catch(() => {});
  fleet?.close();
  collectors = undefined;
  fleet = undefined;
  await bus.stop();
  rmSync(folder, { recursive: true });
});

async function started(processes: number, udp = "127.0.0.1:0"): Promise<Collectors> {
  const config = settings.parse({
    log_level: "silent",
    collector: { udp: [udp], processes, flush_interval_ms: 100 },
    bus: { partitions: PARTITIONS },
  });
  const made = createCollectors({
    config,
    busPath: join(folder, "bus"),
    logger: createLogger("silent", "test"),
    onExit: (error) => exits.push(error),
  });
  await made.start();
  collectors = made;
  return made;
}

const portOf = (made: Collectors) => made.addresses[0]?.port ?? 0;

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

/** Waits until the bus has the rows of all that was sent. */
async function harvested(sent: Fleet, harvest: Harvest): Promise<void> {
  const rows = sent.exporters.reduce((sum, { next }) => sum + next - 1, 0);
  await until(async () => {
    await harvest.reap(bus);
    return harvest.total >= rows;
  });
}

const numbersBelow = (next: number) => Array.from({ length: next - 1 }, (_, i) => i + 1);

test("three processes on one port: each record once, an exporter's template serves both its ports, the books balance", async () => {
  const made = await started(3);
  const sent = await Fleet.open(EXPORTERS, portOf(made));
  fleet = sent;
  const harvest = new Harvest();
  await sent.sendTemplates();
  await sent.sendData(10);
  await harvested(sent, harvest);
  expect(made.processes()).toMatchObject({ running: 3, restarts: 0, claims: EXPORTERS, lostStrays: 0 });
  // With two ports each, most exporters are received by more than one process.
  expect(made.processes()?.strays).toBeGreaterThan(EXPORTERS);
  // What is on its way at a stop is decoded.
  await sent.sendData(1);
  await made.stop();
  collectors = undefined;
  await harvest.reap(bus);
  for (const { address, next, datagrams } of sent.exporters) {
    expect(
      harvest.rowsOf(address).toSorted((a, b) => a - b),
      address,
    ).toEqual(numbersBelow(next));
    expect(harvest.booked("receive", "received", address), address).toBe(datagrams);
  }
  for (const stage of ["receive", "decode", "publish"] as const) {
    expect(harvest.imbalance(stage)).toBe(0);
    expect(harvest.booked(stage, "dropped")).toBe(0);
  }
  expect([harvest.booked("decode", "held"), harvest.booked("receive", "lost")]).toEqual([0, 0]);
  expect(made.counts()).toMatchObject({ records: harvest.total, kernelDrops: 0, queuedBytes: 0 });
  expect(exits).toEqual([]);
});

test("a process is killed: another goes on with its exporters without a new template, and what was lost in it is told", async () => {
  const made = await started(3);
  const sent = await Fleet.open(EXPORTERS, portOf(made));
  fleet = sent;
  const harvest = new Harvest();
  await sent.sendTemplates();
  await sent.sendData(2);
  await harvested(sent, harvest);
  const [victim] = made.processes()?.pids ?? [];
  await sent.sendData(3);
  // What the kernel gives to a process that hangs is lost with it; what others would hand on to it is not.
  process.kill(victim as number, "SIGSTOP");
  await sent.sendData(2);
  process.kill(victim as number, "SIGKILL");
  await sent.sendData(20);
  await until(() => made.processes()?.restarts === 1 && made.processes()?.running === 3);
  // The kernel spreads the ports anew: the one that was started takes its part, by way of who has the exporter.
  const before = sent.exporters.map(({ next }) => next);
  await sent.sendData(10);
  await made.stop();
  collectors = undefined;
  await harvest.reap(bus);
  for (const [i, { address, next, datagrams }] of sent.exporters.entries()) {
    const rows = harvest.rowsOf(address).toSorted((a, b) => a - b);
    expect(new Set(rows).size, `${address}: rows twice`).toBe(rows.length);
    const lost = harvest.booked("receive", "lost", address);
    expect(rows.length + lost * RECORDS_PER_DATAGRAM, address).toBe(next - 1);
    expect(harvest.booked("receive", "received", address) + lost, address).toBe(datagrams);
    const last = rows.filter((octets) => octets >= (before[i] as number));
    expect(last, `${address}: after the restart`).toEqual(numbersBelow(next).slice((before[i] as number) - 1));
  }
  for (const stage of ["receive", "decode", "publish"] as const) {
    expect(harvest.imbalance(stage)).toBe(0);
    expect(harvest.booked(stage, "dropped")).toBe(0);
  }
  expect(harvest.booked("decode", "held")).toBe(0);
  expect(harvest.booked("receive", "lost")).toBeGreaterThan(0);
  expect(harvest.booked("receive", "lost")).toBeLessThan(EXPORTERS * 2 * 5);
  expect(exits).toEqual([]);
});

test("all of them end when their parent is killed, and those started next take over where they stood", async () => {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "processes.test-process.ts"), join(folder, "bus"), "127.0.0.1:0"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line);
  const sent = await Fleet.open(EXPORTERS, port);
  fleet = sent;
  const harvest = new Harvest();
  await sent.sendTemplates();
  await sent.sendData(2);
  await harvested(sent, harvest);
  await sent.sendData(3);
  child.kill("SIGKILL");
  const made = await started(3, `127.0.0.1:${port}`);
  const before = sent.exporters.map(({ next }) => next);
  await sent.sendData(3);
  await made.stop();
  collectors = undefined;
  await harvest.reap(bus);
  for (const [i, { address, next }] of sent.exporters.entries()) {
    const rows = harvest.rowsOf(address).toSorted((a, b) => a - b);
    expect(new Set(rows).size, `${address}: rows twice`).toBe(rows.length);
    const lost = harvest.booked("receive", "lost", address);
    expect(rows.length + lost * RECORDS_PER_DATAGRAM, address).toBe(next - 1);
    const last = rows.filter((octets) => octets >= (before[i] as number));
    expect(last, `${address}: after the restart`).toEqual(numbersBelow(next).slice((before[i] as number) - 1));
  }
  for (const stage of ["receive", "decode", "publish"] as const) expect(harvest.imbalance(stage)).toBe(0);
});

test("an address that somebody has is refused, and so is one that others share", async () => {
  const made = await started(2);
  const udp = `127.0.0.1:${portOf(made)}`;
  const second = createCollectors({
    config: settings.parse({ log_level: "silent", collector: { udp: [udp], processes: 2 } }),
    busPath: join(folder, "bus"),
    logger: createLogger("silent", "test"),
    onExit: (error) => exits.push(error),
  });
  const error = await second.start().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Fault);
  expect(error).toMatchObject({ code: "ADDRESS_IN_USE", message: expect.stringContaining(udp) });
});

test("a collector that cannot start fails the start with its fault", async () => {
  const failing = createCollectors({
    config: settings.parse({ log_level: "silent", collector: { udp: ["127.0.0.1:0"], processes: 2 } }),
    busPath: import.meta.dirname,
    logger: createLogger("silent", "test"),
    onExit: (error) => exits.push(error),
  });
  await expect(failing.start()).rejects.toMatchObject({ code: "BUS_INVALID" });
  expect(exits).toEqual([]);
});

test("processes that end again and again are given up with the reason", async () => {
  const made = await started(2);
  while (exits.length === 0) {
    for (const pid of made.processes()?.pids ?? []) process.kill(pid, "SIGKILL");
    await sleep(10);
  }
  expect(exits[0]?.message).toMatch(
    /^5 collectors in a row ended soon after their start; the last: collector-\d ended unasked \(SIGKILL\)$/,
  );
  expect(exits).toHaveLength(1);
  await made.stop();
  collectors = undefined;
});

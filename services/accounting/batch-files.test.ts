import { existsSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import type { Bus } from "@v6meter/bus";
import type { Logger } from "@v6meter/runtime";
import { Fault, TOPICS } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  balances,
  booked,
  openTestBus,
  PLATFORM_KEY,
  published,
  startService,
  TestFolder,
} from "./accounting.test-data.ts";
import { BatchFiles } from "./batch-files.ts";
import { loadDictionary } from "./dictionary.ts";
import { EventWriter } from "./event-writer.ts";
import { openIdentityKeys } from "./identity-keys.ts";
import { Outbox } from "./outbox.ts";
import { Nas, request } from "./requests.test-data.ts";

let folder: TestFolder;
let dir: string;
let bus: Bus;
let running: BatchFiles | undefined;
let lines: string[];
beforeEach(async () => {
  folder = new TestFolder();
  dir = join(folder.path, "import");
  mkdirSync(dir);
  bus = await openTestBus(folder);
  lines = [];
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await bus.stop();
  folder.remove();
});

function put(name: string, text: string): void {
  writeFileSync(join(dir, name), text);
}

/** Takes in what is in the folder; `on` is the bus it publishes to. */
function begin(on: Bus = bus, quietMs = 0): { files: BatchFiles; failures: unknown[] } {
  const note = (...told: unknown[]) => lines.push(inspect(told, { depth: 9 }));
  const logger = new Proxy({}, { get: () => note }) as Logger;
  const outbox = new Outbox({ bus: on, logger });
  const writer = new EventWriter({
    outbox,
    keys: openIdentityKeys(null, PLATFORM_KEY),
    dictionary: loadDictionary(null),
  });
  const failures: unknown[] = [];
  running = new BatchFiles({ dir, bus: on, outbox, writer, logger, quietMs, pollMs: 10 });
  running.start((error) => failures.push(error));
  return { files: running, failures };
}

const isDone = async (name: string) => {
  while (!existsSync(join(dir, `${name}.done`))) await sleep(5);
};

const HEADER = "event_at,status_type,nas,session,identity";

test("every column of a line is a column of its event", async () => {
  put(
    "a.csv",
    `\ufeff# of the BRAS in Shenyang
event_at,started_at,status_type,nas,session,identity,operator,region,access,framed_ip_address,port_first,port_last,framed_ipv6_address,framed_ipv6_prefix,delegated_ipv6_prefix,input_octets,output_octets,ipv6_input_octets,ipv6_output_octets
2026-11-24T12:00:00+08:00,2026-11-24T11:00:00+08:00,interim,bras-1,s1,li@ln,telecom,210100,fixed,203.0.113.9,1024,2047,240e::7,240e:30c:0:1::/64,240e:30c:5600::/56,1,9007199254740991,3,4

"2026-11-24T04:00:01.5Z",,"start","bras-1"," s2 ","li@ln"
2026-11-24T04:00:02Z,,accounting_on,bras-1
`,
  );
  begin();
  await isDone("a.csv");
  const { events, ledger } = await published(bus, "test");
  const [first, second, third] = events.toSorted((a, b) => (a.event_at as number) - (b.event_at as number));
  expect([first, second, third]).toMatchObject([
    {
      event_at: Date.parse("2026-11-24T04:00:00Z"),
      started_at: Date.parse("2026-11-24T03:00:00Z"),
      status_type: 3,
      client: "::",
      operator: "telecom",
      region: "210100",
      access: "fixed",
      framed_ip_address: "203.0.113.9",
      port_first: 1_024,
      port_last: 2_047,
      framed_ipv6_address: "240e::7",
      framed_ipv6_prefix: "240e:30c:0:1::",
      framed_ipv6_prefix_length: 64,
      delegated_ipv6_prefix: "240e:30c:5600::",
      delegated_ipv6_prefix_length: 56,
      input_octets: 1n,
      output_octets: 9_007_199_254_740_991n,
      ipv6_input_octets: 3n,
      ipv6_output_octets: 4n,
      octets_told: 3,
    },
    { event_at: 1_795_492_801_500, started_at: 1_795_492_801_500, status_type: 1, operator: "unknown", octets_told: 0 },
    { status_type: 7, session: 0n, subscriber: 0n, started_at: 0 },
  ]);
  expect(second?.session).not.toBe(first?.session);
  // Of other operators are other names: these were told of none.
  expect(second?.nas).toBe(third?.nas);
  expect(second?.nas).not.toBe(first?.nas);
  expect(booked(ledger, "forwarded", { exporter: "::" })).toBe(3);
  expect(balances(ledger)).toBe(true);
});

test("a line is the same session and subscriber as the RADIUS request that tells of them", async () => {
  folder.file("secret", "s3cret of the BRAS");
  const clients = folder.file(
    "clients.yaml",
    "clients:\n  - { client: 127.0.0.1, secret_file: secret, operator: telecom }\n",
  );
  put("a.csv", `${HEADER},operator\n2026-11-24T12:00:00+08:00,stop,bras-1,s1,+8613800138000,telecom\n`);
  // Old enough for the service, which takes nothing that was written to a moment ago.
  utimesSync(join(dir, "a.csv"), 1, 1);
  const { service } = await startService(folder, { clients_file: clients, import_dir: dir }, { bus });
  const nas = await Nas.at(service.addresses[0]?.port as number);
  nas.send(request(1, { "User-Name": "8613800138000" }));
  await nas.answered(1);
  await isDone("a.csv");
  nas.close();
  await service.stop();
  const { events } = await published(bus, "test");
  expect(events).toHaveLength(2);
  const [one, other] = events.map(({ nas: hash, session, subscriber }) => ({ hash, session, subscriber }));
  expect(one).toEqual(other);
});

test.each([
  {
    says: "a time without its offset",
    line: "2026-11-24T12:00:00,start,n,s,li@ln",
    reason: "line_malformed",
    column: "event_at",
  },
  { says: "no time", line: ",start,n,s,li@ln", reason: "line_malformed", column: "event_at" },
  {
    says: "a status that is none",
    line: "2026-11-24T12:00:00Z,begin,n,s,li@ln",
    reason: "line_malformed",
    column: "status_type",
  },
  {
    says: "a cell too many",
    line: "2026-11-24T12:00:00Z,start,n,s,li@ln,,,,",
    reason: "line_malformed",
    column: "undefined",
  },
  {
    says: "a prefix without a length of IPv4",
    line: "2026-11-24T12:00:00Z,start,n,s,li@ln,10.0.0.1",
    reason: "line_malformed",
    column: "undefined",
  },
  {
    says: "bits behind a prefix",
    line: "2026-11-24T12:00:00Z,start,n,s,li@ln,240e::1/64",
    reason: "line_malformed",
    column: "undefined",
  },
  {
    says: "ports the wrong way round",
    line: "2026-11-24T12:00:00Z,start,n,s,li@ln,,2047,1024",
    reason: "line_malformed",
    column: "undefined",
  },
  {
    says: "a quote that is never closed",
    line: '2026-11-24T12:00:00Z,"start,n,s,li@ln',
    reason: "line_malformed",
    column: "status_type",
  },
  { says: "no NAS", line: "2026-11-24T12:00:00Z,start,,s,li@ln", reason: "session_untold", column: "undefined" },
  { says: "no session", line: "2026-11-24T12:00:00Z,start,n,,li@ln", reason: "session_untold", column: "undefined" },
  { says: "no identity", line: "2026-11-24T12:00:00Z,start,n,s,", reason: "identity_untold", column: "undefined" },
])("$says drops that line alone, told by its number and no identity", async ({ line, reason, column }) => {
  const good = "2026-11-24T12:00:00Z,start,n,s,li@ln";
  put("a.csv", `${HEADER},framed_ipv6_prefix,port_first,port_last\n${good}\n# a comment\n${line}\n${good}\n`);
  const { files } = begin();
  await isDone("a.csv");
  const { events, ledger } = await published(bus, "test");
  expect(events).toHaveLength(2);
  expect(booked(ledger, "dropped", { reason })).toBe(1);
  expect(balances(ledger)).toBe(true);
  expect(files.counts).toMatchObject({ files: 1, lines: 3, dropped: { [reason]: 1 } });
  const log = lines.join("\n");
  expect(log).toMatch(/line: 4/);
  expect(log).toContain(`reason: '${reason}'`);
  if (column !== "undefined") expect(log).toContain(`column: '${column}'`);
  expect(log).not.toContain("li@ln");
});

test.each([
  {
    says: "a column that is unknown",
    text: "event_at,status_type,user\n",
    message: /a column is unknown or given twice; allowed are event_at, /,
  },
  { says: "a column twice", text: "event_at,status_type,event_at\n", message: /given twice/ },
  {
    says: "a line of data in place of the header",
    text: "2026-11-24T12:00:00Z,start,n,s,li@ln\n",
    message: /column is unknown/,
  },
  { says: "no status_type", text: "event_at,identity\n", message: /column status_type is missing/ },
  {
    says: "a line without an end",
    text: `${HEADER}\n${"x".repeat(100_000)}\n`,
    message: /a\.csv:\d+: CSV_MAX_RECORD_SIZE/,
  },
])("a file with $says stays where it is, told once", async ({ text, message }) => {
  put("a.csv", text);
  put("b.csv", `${HEADER}\n2026-11-24T12:00:00Z,start,n,s,li@ln\n`);
  const { files } = begin();
  await isDone("b.csv");
  await sleep(50);
  expect(readdirSync(dir).sort()).toEqual(["a.csv", "b.csv.done"]);
  expect(files.counts).toMatchObject({ files: 1, filesRefused: 1 });
  const told = lines.filter((line) => line.includes("not taken in"));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(message);
  expect(told[0]).not.toContain("li@ln");
  expect((await published(bus, "test")).events).toHaveLength(1);
});

const many = (count: number) =>
  `${HEADER}\n${Array.from({ length: count }, (_, i) => `2026-11-24T12:00:00Z,start,n${i % 50},s${i},u${i}`).join("\n")}\n`;

test("a crash in the middle of a file loses none of its lines and publishes none twice", async () => {
  put("a.csv", many(30_000));
  let left = 2;
  const crashing = new Proxy(bus, {
    get(target, name) {
      if (name === "publish")
        return async (messages: Parameters<Bus["publish"]>[0]) => {
          if (left-- === 0) throw new Error("killed");
          await target.publish(messages);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const { failures } = begin(crashing);
  while (failures.length === 0) await sleep(5);
  expect(existsSync(join(dir, "a.csv"))).toBe(true);
  const before = await published(bus, "before");
  expect(before.events.length).toBeGreaterThan(10_000);
  expect(before.events.length).toBeLessThan(30_000);
  await running?.stop();
  begin();
  await isDone("a.csv");
  const { events, ledger } = await published(bus, "test");
  expect(events).toHaveLength(30_000);
  expect(new Set(events.map(({ session }) => session)).size).toBe(30_000);
  expect(booked(ledger, "received")).toBe(30_000);
  expect(balances(ledger)).toBe(true);
});

test("a bus that is away when a file is begun or through delays it, and ends nothing", async () => {
  put("a.csv", many(3));
  let away = 2;
  const leaving = new Proxy(bus, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...given: unknown[]) => {
        const forgets = name === "publish" && (given[0] as { value: unknown }[])[0]?.value === null;
        if ((name === "latest" || forgets) && away-- > 0) throw new Fault("BUS_UNREACHABLE");
        return value.apply(target, given);
      };
    },
  });
  const { failures } = begin(leaving);
  await isDone("a.csv");
  put("b.csv", many(4));
  await isDone("b.csv");
  expect(failures).toEqual([]);
  expect((await published(bus, "test")).events).toHaveLength(7);
});

test("a file that is stopped in the middle is gone on with", async () => {
  put("a.csv", many(60_000));
  const { files } = begin();
  while (files.counts.lines === 0) await sleep(1);
  await files.stop();
  expect(existsSync(join(dir, "a.csv"))).toBe(true);
  begin();
  await isDone("a.csv");
  expect((await published(bus, "test")).events).toHaveLength(60_000);
  await running?.stop();
  expect([...(await bus.latest(TOPICS.positions.name)).keys()].filter((key) => key.includes("file"))).toEqual([]);
});

test("a file that is still being written to, and one under another name, are left alone", async () => {
  put("a.csv.part", many(1));
  put("b.csv", many(2));
  begin(bus, 2_000);
  const writtenAt = Date.now();
  while (Date.now() < writtenAt + 400) {
    put("b.csv", many(2));
    expect(existsSync(join(dir, "b.csv.done"))).toBe(false);
    await sleep(20);
  }
  await isDone("b.csv");
  expect((await published(bus, "test")).events).toHaveLength(2);
  renameSync(join(dir, "a.csv.part"), join(dir, "a.csv"));
  await isDone("a.csv");
  expect((await published(bus, "later")).events).toHaveLength(3);
});

test("another file under the name of one that was taken in is taken from its beginning", async () => {
  put("a.csv", many(3));
  begin();
  await isDone("a.csv");
  put("a.csv", many(5));
  while (existsSync(join(dir, "a.csv"))) await sleep(5);
  expect((await published(bus, "test")).events).toHaveLength(8);
});

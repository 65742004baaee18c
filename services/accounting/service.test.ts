import { createHash, createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import type { Bus } from "@v6meter/bus";
import type { AccountingAttributes } from "@v6meter/radius";
import { Random } from "@v6meter/random";
import { createLogger, type Logger } from "@v6meter/runtime";
import { Fault, TOPICS } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  balances,
  booked,
  openTestBus,
  PLATFORM_KEY,
  published,
  type Started,
  startService,
  TestFolder,
} from "./accounting.test-data.ts";
import { loadClients } from "./clients.ts";
import { loadDictionary } from "./dictionary.ts";
import { EventWriter } from "./event-writer.ts";
import { openIdentityKeys } from "./identity-keys.ts";
import { Outbox } from "./outbox.ts";
import { RadiusServer } from "./radius-server.ts";
import { fits, Nas, request, SECRET } from "./requests.test-data.ts";
import type { Listener } from "./udp.ts";

const CLIENTS = `clients:
  - client: 127.0.0.1
    secret_file: secret
    operator: telecom
    region: "210100"
    access: fixed
    access_by_nas_port_type: { "19": mobile }
`;

let folder: TestFolder;
let bus: Bus;
let started: Started | undefined;
const nases: Nas[] = [];
beforeEach(async () => {
  folder = new TestFolder();
  folder.file("secret", `${SECRET}\n`);
  bus = await openTestBus(folder);
});
afterEach(async () => {
  for (const nas of nases.splice(0)) nas.close();
  await started?.service.stop();
  started = undefined;
  await bus.stop();
  folder.remove();
});

async function start(sessions: Record<string, unknown> = {}, on: Bus = bus): Promise<Nas> {
  started = await startService(
    folder,
    { clients_file: folder.file("clients.yaml", CLIENTS), ...sessions },
    { bus: on },
  );
  return nasOf(started);
}

async function nasOf({ service }: Started): Promise<Nas> {
  const nas = await Nas.at(service.addresses[0]?.port as number);
  nases.push(nas);
  return nas;
}

const radius = () => (started as Started).service.counts().radius;

/** The bus, but for its `publish`. */
function busWith(publish: Bus["publish"]): Bus {
  return new Proxy(bus, {
    get(target, name) {
      if (name === "publish") return publish;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("a request is answered when its event is on the bus, not before", async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const nas = await start(
    {},
    busWith(async (messages) => held.then(() => bus.publish(messages))),
  );
  const sent = request(5);
  nas.send(sent);
  while (radius().packets < 1) await sleep(5);
  // Several flushes long nothing comes back; the same request meanwhile is not a second event.
  await sleep(100);
  nas.send(sent);
  while (radius().packets < 2) await sleep(5);
  expect(nas.answers).toEqual([]);
  expect(radius()).toMatchObject({ queued: 1, answered: 0, dropped: { accounting_duplicate: 1 } });
  letGo();
  expect(await nas.answered(1)).toEqual([5]);
  expect(fits(nas.answers[0] as Buffer, sent)).toBe(true);
  expect((await published(bus, "test")).events).toHaveLength(1);
});

test("what is sent again after its answer is answered again and is one event", async () => {
  const nas = await start();
  const sent = request(5);
  for (let i = 1; i <= 3; i++) {
    nas.send(sent);
    await nas.answered(i);
  }
  // From another port it is another request: a NAS counts its identifiers by port.
  const other = await nasOf(started as Started);
  other.send(sent);
  await other.answered(1);
  for (const answer of [...nas.answers, ...other.answers]) expect(fits(answer, sent)).toBe(true);
  await started?.service.stop();
  const { events, ledger } = await published(bus, "test");
  expect(events).toHaveLength(2);
  expect(booked(ledger, "dropped", { reason: "accounting_duplicate", exporter: "127.0.0.1" })).toBe(2);
  expect(balances(ledger)).toBe(true);
});

test("what tells of no session is answered, so that it is not sent for ever, and booked by its reason", async () => {
  const nas = await start();
  nas.send(
    request(1, { "Acct-Status-Type": 9 }),
    request(2, { "Acct-Session-Id": undefined } as never),
    request(3, { "NAS-Identifier": undefined } as never),
    request(4, { "User-Name": undefined } as never),
    request(5, { "User-Name": " " }),
    request(6, { "Acct-Status-Type": 2, "User-Name": undefined } as never),
    request(7, { "Acct-Status-Type": 7, "User-Name": undefined, "Acct-Session-Id": undefined } as never),
  );
  expect((await nas.answered(7)).sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const { events, ledger } = await published(bus, "test");
  // A Stop ends its session also where it tells not whose it was.
  expect(events).toMatchObject([
    { status_type: 2, subscriber: 0n },
    { status_type: 7, subscriber: 0n, session: 0n },
  ]);
  const reasons = { status_type_unknown: 1, session_untold: 2, identity_untold: 2 };
  for (const [reason, count] of Object.entries(reasons))
    expect(booked(ledger, "dropped", { reason }), reason).toBe(count);
  expect(balances(ledger)).toBe(true);
});

test("strangers, wrong secrets and what is no request get no answer and are booked", async () => {
  const nas = await start({ udp: ["127.0.0.1:0", "[::1]:0"] });
  const stranger = await Nas.at(started?.service.addresses[1]?.port as number, "::1");
  nases.push(stranger);
  stranger.send(request(1));
  const wrong = request(2, {}, { secret: Buffer.from("another") });
  const code = Buffer.from(request(3));
  code[0] = 1;
  nas.send(wrong, code, Buffer.alloc(0), Buffer.from("hello"), request(4).subarray(0, 40), request(9));
  expect(await nas.answered(1)).toEqual([9]);
  while (radius().packets < 7) await sleep(5);
  await started?.service.stop();
  expect([nas.answers.length, stranger.answers.length]).toEqual([1, 0]);
  const { ledger } = await published(bus, "test");
  expect(booked(ledger, "dropped", { reason: "client_unknown", exporter: "::" })).toBe(1);
  expect(booked(ledger, "dropped", { reason: "authenticator_wrong", exporter: "127.0.0.1" })).toBe(1);
  expect(booked(ledger, "dropped", { reason: "accounting_malformed", exporter: "127.0.0.1" })).toBe(4);
  expect(booked(ledger, "received")).toBe(7);
  expect(balances(ledger)).toBe(true);
});

test("times are Event-Timestamp's, or arrival's less the delay where there is none that can be", async () => {
  const nas = await start();
  const before = Date.now();
  const nowS = Math.floor(before / 1_000);
  nas.send(
    request(1, { "Acct-Session-Id": "told", "Event-Timestamp": nowS - 3_600, "Acct-Delay-Time": 60 }),
    request(2, { "Acct-Session-Id": "delayed", "Acct-Delay-Time": 60 }),
    request(3, { "Acct-Session-Id": "unset clock", "Event-Timestamp": 86_400 }),
    request(4, { "Acct-Session-Id": "fast clock", "Event-Timestamp": nowS + 3_600 }),
    request(5, {
      "Acct-Session-Id": "interim",
      "Acct-Status-Type": 3,
      "Event-Timestamp": nowS,
      "Acct-Session-Time": 90,
    }),
    request(6, { "Acct-Session-Id": "no start", "Acct-Status-Type": 3, "Event-Timestamp": nowS }),
  );
  await nas.answered(6);
  const after = Date.now();
  const { events } = await published(bus, "test");
  const [told, delayed, unset, fast, interim, noStart] = events.map((event) => ({
    eventAt: event.event_at as number,
    startedAt: event.started_at as number,
  }));
  expect(told).toEqual({ eventAt: (nowS - 3_600) * 1_000, startedAt: (nowS - 3_600) * 1_000 });
  expect(delayed?.eventAt).toBeGreaterThanOrEqual(before - 60_000);
  expect(delayed?.eventAt).toBeLessThanOrEqual(after - 60_000);
  for (const clock of [unset, fast]) {
    expect(clock?.eventAt).toBeGreaterThanOrEqual(before);
    expect(clock?.eventAt).toBeLessThanOrEqual(after);
  }
  expect(started?.service.counts().clocksOff).toBe(2);
  expect(interim).toEqual({ eventAt: nowS * 1_000, startedAt: (nowS - 90) * 1_000 });
  expect(noStart).toEqual({ eventAt: nowS * 1_000, startedAt: 0 });
});

test("the identity is the first attribute of the client's list that says one", async () => {
  const nas = await start({ identity_attributes: ["Chargeable-User-Identity", "Calling-Station-Id", "Class"] });
  const told = (identifier: number, attributes: AccountingAttributes) => request(identifier, attributes);
  nas.send(
    told(1, { "Calling-Station-Id": "00-1a-2b-3c-4d-5e" }),
    // RFC 4372: one NUL asks for an identity, and is none.
    told(2, {
      "Chargeable-User-Identity": Uint8Array.of(0),
      "Calling-Station-Id": "00:1A:2B:3C:4D:5E",
      Class: Buffer.from("c"),
    }),
    told(3, { "Chargeable-User-Identity": Uint8Array.of(0xff, 1) }),
    told(4, { "Chargeable-User-Identity": Uint8Array.of(0xfe, 1) }),
    told(5, { Class: Buffer.from("ff01") }),
    told(6, {}),
  );
  await nas.answered(6);
  const { events, ledger } = await published(bus, "test");
  const [mac, sameMac, octets, otherOctets, hexText] = events.map(({ subscriber }) => subscriber);
  expect(events).toHaveLength(5);
  expect(sameMac).toBe(mac);
  expect(otherOctets).not.toBe(octets);
  expect(hexText).toBe(octets);
  expect(booked(ledger, "dropped", { reason: "identity_untold" })).toBe(1);
});

test("addresses that stand for none are none, and bits behind a prefix are zero", async () => {
  const nas = await start();
  const ones = new Uint8Array(16).fill(0xff);
  nas.send(
    request(1, { "Framed-IP-Address": Uint8Array.of(0, 0, 0, 0), "Framed-IPv6-Prefix": { address: ones, length: 0 } }),
    request(2, {
      "Framed-IP-Address": Uint8Array.of(255, 255, 255, 254),
      "Delegated-IPv6-Prefix": { address: ones, length: 61 },
    }),
    request(3, { "Framed-IP-Address": Uint8Array.of(192, 0, 2, 7), "Framed-IPv6-Address": ones, "NAS-Port-Type": 19 }),
  );
  await nas.answered(3);
  const { events } = await published(bus, "test");
  expect(events).toMatchObject([
    { framed_ip_address: "::", framed_ipv6_prefix: "::", framed_ipv6_prefix_length: 0, access: "fixed" },
    { framed_ip_address: "::", delegated_ipv6_prefix: "ffff:ffff:ffff:fff8::", delegated_ipv6_prefix_length: 61 },
    {
      framed_ip_address: "192.0.2.7",
      framed_ipv6_address: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      access: "mobile",
    },
  ]);
});

test("the events of a NAS have one key and keep their order", async () => {
  const nas = await start();
  for (let i = 0; i < 200; i++)
    nas.send(
      request(i, {
        "NAS-Identifier": `bras-${i % 20}`,
        "Acct-Session-Id": `s${i}`,
        "Event-Timestamp": 1_790_000_000 + i,
      }),
    );
  await nas.answered(200);
  const { events, keys } = await published(bus, "test");
  const byNas = Map.groupBy(events, ({ nas: hash }) => hash);
  expect(byNas.size).toBe(20);
  for (const own of byNas.values()) {
    const times = own.map(({ event_at }) => event_at as number);
    expect(times).toHaveLength(10);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
  expect(new Set(keys).size).toBeLessThanOrEqual(16);
  expect(keys.filter((key) => !/^nas-\d+$/.test(key))).toEqual([]);
});

test("a bus that takes nothing for a while delays the answers, and nothing is told twice", async () => {
  let refusals = 3;
  const nas = await start(
    {},
    busWith(async (messages) => {
      if (refusals-- > 0) throw new Fault("BUS_FULL");
      await bus.publish(messages);
    }),
  );
  nas.send(request(1));
  expect(await nas.answered(1)).toEqual([1]);
  expect((await published(bus, "test")).events).toHaveLength(1);
  expect(started?.service.trouble()).toBeNull();
});

test("while the bus takes nothing what comes waits together, and the books stay few", async () => {
  let isShut = true;
  const publishes: number[] = [];
  const nas = await start(
    {},
    busWith(async (messages) => {
      if (isShut) throw new Fault("BUS_UNREACHABLE");
      publishes.push(messages.length);
      await bus.publish(messages);
    }),
  );
  const sent = Array.from({ length: 20 }, (_, i) => request(i, { "Acct-Session-Id": `s${i}` }));
  for (const [i, bytes] of sent.entries()) {
    nas.send(bytes, bytes);
    while (radius().packets < 2 * i + 2) await sleep(2);
    await sleep(25);
  }
  expect(started?.service.trouble()).toMatch(/./);
  expect(radius()).toMatchObject({ queued: 20, answered: 0, dropped: { accounting_duplicate: 20 } });
  // A proxy that asks whether it is alive learns that it is not.
  const status = encodeStatus();
  nas.send(status);
  while (started?.service.counts().radius.statusRequests === 0) await sleep(2);
  isShut = false;
  await nas.answered(20);
  await started?.service.stop();
  const { events, ledger } = await published(bus, "test");
  expect(events).toHaveLength(20);
  expect(booked(ledger, "received")).toBe(40);
  expect(balances(ledger)).toBe(true);
  expect(nas.answers).toHaveLength(20);
  // The first flush, all that came after it, and the stop's.
  expect(publishes.length).toBeLessThanOrEqual(4);
});

test.runIf(process.platform === "linux")("what the kernel drops is counted and booked", async () => {
  const nas = await start({ receive_buffer_bytes: 65_536 });
  // The event loop is not given to the service: all of it waits in the kernel, or is dropped there.
  for (let i = 0; i < 3_000; i++) nas.send(request(i, { "Acct-Session-Id": `s${i}` }));
  while (radius().packets + (started?.service.counts().kernelDrops ?? 0) < 3_000) await sleep(5);
  expect(started?.service.counts().kernelDrops).toBeGreaterThan(100);
  await started?.service.stop();
  const { ledger } = await published(bus, "test");
  const drops = booked(ledger, "dropped", { reason: "sessions_kernel_buffer", exporter: "::" });
  expect(drops).toBe(started?.service.counts().kernelDrops);
  expect(booked(ledger, "received")).toBe(3_000);
  expect(balances(ledger)).toBe(true);
});

test("a publish whose outcome is not known is looked for before it is tried again", async () => {
  let lost = 0;
  const nas = await start(
    {},
    busWith(async (messages) => {
      await bus.publish(messages);
      if (lost++ === 0) throw new Fault("BUS_UNREACHABLE");
    }),
  );
  nas.send(request(1));
  await nas.answered(1);
  const { events, ledger } = await published(bus, "test");
  expect(events).toHaveLength(1);
  expect(booked(ledger, "forwarded")).toBe(1);
  expect(started?.service.counts().publishing.publishesFound).toBe(1);
});

test("what the bus refuses for good ends the service, and is not answered", async () => {
  const nas = await start(
    {},
    busWith(async () => {
      throw new Fault("BUS_MESSAGE_LARGE");
    }),
  );
  nas.send(request(1));
  while (started?.exits.length === 0) await sleep(5);
  expect(started?.exits[0]).toMatchObject({ code: "BUS_MESSAGE_LARGE" });
  await started?.service.stop();
  expect(nas.answers).toEqual([]);
});

test("stopping takes in and answers what the kernel holds, and leaves no position behind", async () => {
  const nas = await start({ flush_interval_ms: 60_000 });
  for (let i = 0; i < 50; i++) nas.send(request(i, { "Acct-Session-Id": `s${i}` }));
  await started?.service.stop();
  expect(await nas.answered(50)).toHaveLength(50);
  expect((await published(bus, "test")).events).toHaveLength(50);
  expect(await bus.latest(TOPICS.positions.name)).toEqual(new Map());
});

test("clients are read again when their file changes; one with a mistake changes nothing", async () => {
  const nas = await start();
  nas.send(request(1));
  await nas.answered(1);
  folder.file("clients.yaml", CLIENTS.replace("fixed", "fibre"));
  await sleep(100);
  nas.send(request(2));
  await nas.answered(2);
  folder.file("clients.yaml", CLIENTS.replace("fixed", "enterprise"));
  const access: unknown[] = [];
  for (let id = 3; access.at(-1) !== "enterprise"; id++) {
    nas.send(request(id));
    await nas.answered(id);
    access.splice(0, access.length, ...(await published(bus, "test")).events.map((event) => event.access));
  }
  expect(access.length).toBeGreaterThan(2);
  expect(access.slice(0, -1).every((it) => it === "fixed")).toBe(true);
});

test("beyond the queue requests are dropped and not remembered, so that they are taken when they come again", async () => {
  const clients = loadClients(folder.file("clients.yaml", CLIENTS), ["User-Name"]);
  const outbox = new Outbox({ bus, logger: createLogger("silent", "test") });
  const writer = new EventWriter({
    outbox,
    keys: openIdentityKeys(null, PLATFORM_KEY),
    dictionary: loadDictionary(null),
  });
  const logger = createLogger("silent", "test");
  const server = new RadiusServer({ clients, outbox, writer, duplicateWindowMs: 1_000, queueMaxRequests: 2, logger });
  const answers: number[] = [];
  const listener = { send: (answer: Uint8Array) => answers.push(answer[1] as number) } as unknown as Listener;
  const take = (identifier: number) =>
    server.take(
      request(identifier, { "Acct-Session-Id": `s${identifier}` }),
      { address: "127.0.0.1", port: 1 },
      listener,
      1,
    );
  for (const identifier of [1, 2, 3]) take(identifier);
  await server.flush();
  expect(answers).toEqual([1, 2]);
  expect(server.counts).toMatchObject({ queued: 0, dropped: { sessions_queue_full: 1 } });
  take(3);
  await server.flush();
  expect(answers).toEqual([1, 2, 3]);
  const { events, ledger } = await published(bus, "test");
  expect(events).toHaveLength(3);
  expect(booked(ledger, "dropped", { reason: "sessions_queue_full" })).toBe(1);
  expect(balances(ledger)).toBe(true);
});

test("more events than a batch holds are published without waiting, and none is lost", async () => {
  const clients = loadClients(folder.file("clients.yaml", CLIENTS), ["User-Name"]);
  const outbox = new Outbox({ bus, logger: createLogger("silent", "test") });
  const writer = new EventWriter({
    outbox,
    keys: openIdentityKeys(null, PLATFORM_KEY),
    dictionary: loadDictionary(null),
  });
  const logger = createLogger("silent", "test");
  const server = new RadiusServer({ clients, outbox, writer, duplicateWindowMs: 1_000, logger });
  const listener = { send: () => {} } as unknown as Listener;
  for (let i = 0; i < 10_000; i++)
    server.take(request(i, { "Acct-Session-Id": `s${i}` }), { address: "127.0.0.1", port: i }, listener, 1);
  await server.flush();
  const { events, ledger } = await published(bus, "test");
  expect(new Set(events.map(({ session }) => session)).size).toBe(10_000);
  expect(booked(ledger, "forwarded")).toBe(10_000);
  expect(server.counts).toMatchObject({ queued: 0, answered: 10_000 });
  expect(outbox.counts.queuedEvents).toBe(0);
});

test("no mutation of a request throws, and the books of all of them balance", async () => {
  const clients = loadClients(folder.file("clients.yaml", CLIENTS), ["Calling-Station-Id", "User-Name"]);
  const outbox = new Outbox({ bus, logger: createLogger("silent", "test") });
  const writer = new EventWriter({
    outbox,
    keys: openIdentityKeys(null, PLATFORM_KEY),
    dictionary: loadDictionary(null),
  });
  const logger = createLogger("silent", "test");
  const server = new RadiusServer({ clients, outbox, writer, duplicateWindowMs: 1_000, logger });
  const listener = { send: () => {} } as unknown as Listener;
  const random = new Random(11);
  const address = random.bytes(16);
  const body = request(
    1,
    {
      "Calling-Station-Id": "00-1A-2B-3C-4D-5E",
      "Framed-IPv6-Prefix": { address, length: 64 },
      "Delegated-IPv6-Prefix": { address, length: 56 },
      "Acct-Input-Octets": 5,
      "Acct-Output-Gigawords": 6,
      "Event-Timestamp": 1_790_000_000,
    },
    {
      vendorAttributes: [
        { vendor: 2011, type: 144, value: 5 },
        { vendor: 2011, type: 161, value: 6 },
      ],
    },
  );
  const packets = 6_000;
  for (let i = 0; i < packets; i++) {
    const bytes = Buffer.from(body);
    for (let n = random.below(5); n > 0; n--) bytes[random.below(bytes.length)] = random.below(256);
    const cut = random.next() < 0.2 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    // Signed after it was changed: what is within is read, not only refused.
    if (random.next() < 0.8 && cut.length >= 20) sign(cut);
    server.take(cut, { address: random.next() < 0.95 ? "127.0.0.1" : "192.0.2.1", port: i }, listener, 1 + i);
  }
  await server.flush();
  const { events, ledger } = await published(bus, "test");
  expect(booked(ledger, "received")).toBe(packets);
  expect(balances(ledger)).toBe(true);
  expect(events).toHaveLength(booked(ledger, "forwarded"));
  expect(events.length).toBeGreaterThan(1_000);
  for (const reason of ["accounting_malformed", "authenticator_wrong", "client_unknown", "session_untold"])
    expect(booked(ledger, "dropped", { reason }), reason).toBeGreaterThan(0);
});

test("no identity, session or name of a NAS is on the bus or in the log, in whatever shape it was told", async () => {
  const lines: string[] = [];
  const note = (...told: unknown[]) => lines.push(inspect(told, { depth: 9 }));
  const logger = new Proxy({}, { get: () => note }) as Logger;
  const told = [
    "13800138000",
    "8613800138000",
    "00-1A-2B-3C-4D-5E",
    "001a2b3c4d5e",
    "li.na@ln",
    "sess-0815",
    "bras-shenyang",
  ];
  const clients = loadClients(folder.file("clients.yaml", CLIENTS), ["Calling-Station-Id", "User-Name", "Class"]);
  const outbox = new Outbox({ bus, logger });
  const writer = new EventWriter({
    outbox,
    keys: openIdentityKeys(null, PLATFORM_KEY),
    dictionary: loadDictionary(null),
  });
  const server = new RadiusServer({ clients, outbox, writer, duplicateWindowMs: 1_000, logger });
  const listener = { send: () => {} } as unknown as Listener;
  for (const [i, identity] of ["13800138000", "+8613800138000", "00-1A-2B-3C-4D-5E", "li.na@ln"].entries()) {
    const names = { "NAS-Identifier": "bras-shenyang", "Acct-Session-Id": "sess-0815", Class: Buffer.from(identity) };
    server.take(
      request(i, { ...names, "Calling-Station-Id": identity }),
      { address: "127.0.0.1", port: 1 },
      listener,
      1,
    );
    server.take(
      request(i, { ...names, "User-Name": identity }, { secret: Buffer.from("x") }),
      { address: "127.0.0.1", port: 1 },
      listener,
      1,
    );
  }
  server.complain(1e12);
  await server.flush();
  expect(lines.join("")).toContain("authenticator_wrong");
  const { events, bytes } = await published(bus, "test");
  expect(events).toHaveLength(4);
  const files = readdirSync(join(folder.path, "bus")).map((name) => readFileSync(join(folder.path, "bus", name)));
  const everything = Buffer.concat([bytes, ...files]);
  // The search finds what is there.
  expect(everything.includes("nas-")).toBe(true);
  for (const text of told) {
    const shapes = [text, text.toUpperCase(), Buffer.from(text).toString("hex"), Buffer.from(text).toString("base64")];
    for (const shape of shapes) {
      expect(everything.includes(shape), shape).toBe(false);
      expect(lines.join("")).not.toContain(shape);
    }
  }
});

/** A Status-Server (RFC 5997): code 12, and a Message-Authenticator over it. */
function encodeStatus(): Buffer {
  const packet = Buffer.alloc(38);
  packet.set([12, 200, 0, 38]);
  packet.fill(0x5a, 4, 20);
  packet.set([80, 18], 20);
  packet.set(createHmac("md5", SECRET).update(packet).digest(), 22);
  return packet;
}

/** RFC 2866 section 3, over whatever the octets are. */
function sign(bytes: Buffer): void {
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.fill(0, 4, 20);
  bytes.set(createHash("md5").update(bytes).update(SECRET).digest(), 4);
}

/**
 * What an accounting request costs: `node services/accounting/accounting.bench.ts` prints requests a second and CPU
 * time by step, on one core. Not a vitest benchmark: vitest wraps every import in a getter, which the loops would be
 * measured with.
 */

import type { Bus } from "@v6meter/bus";
import { accountingResponse, encodeAccountingRequest, Packet, verifyAccountingRequest } from "@v6meter/radius";
import { Random } from "@v6meter/random";
import { createLogger } from "@v6meter/runtime";
import { Clients } from "./clients.ts";
import { loadDictionary } from "./dictionary.ts";
import { EventWriter } from "./event-writer.ts";
import { openIdentityKeys } from "./identity-keys.ts";
import { Outbox } from "./outbox.ts";
import { RadiusServer } from "./radius-server.ts";
import type { Listener } from "./udp.ts";

const REQUESTS = 50_000;
const RUNS = 6;
const SECRET = Buffer.from("s3cret of the BRAS");
const random = new Random(1);

/** An Interim-Update as a BRAS sends it: 17 attributes and 4 of its vendor's, 223 octets. */
function interim(i: number): Buffer {
  const prefix = Uint8Array.of(0x24, 0x0e, 3, 0x0c, random.below(256), random.below(256), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  return encodeAccountingRequest({
    identifier: i & 0xff,
    secret: SECRET,
    attributes: {
      "User-Name": `u${i}@ln`,
      "Acct-Status-Type": 3,
      "NAS-Identifier": `bras-${i % 40}`,
      "NAS-IP-Address": Uint8Array.of(192, 0, 2, 1),
      "NAS-Port-Type": 15,
      "Acct-Session-Id": `bras00${i.toString(16).padStart(12, "0")}`,
      "Calling-Station-Id": `00-1A-${(i % 1e8)
        .toString()
        .padStart(8, "0")
        .replace(/(..)(?=.)/g, "$1-")}`,
      "Framed-IP-Address": Uint8Array.of(100, 64, random.below(256), random.below(256)),
      "Framed-IPv6-Prefix": { address: prefix, length: 64 },
      "Delegated-IPv6-Prefix": { address: prefix, length: 56 },
      "Acct-Input-Octets": random.u32(),
      "Acct-Output-Octets": random.u32(),
      "Acct-Input-Gigawords": 1,
      "Acct-Output-Gigawords": 9,
      "Acct-Session-Time": 86_400,
      "Event-Timestamp": 1_795_000_000 + i,
      Class: random.bytes(16),
    },
    vendorAttributes: [144, 145, 148, 149].map((type) => ({ vendor: 2011, type, value: 7 })),
  });
}

const requests = Array.from({ length: REQUESTS }, (_, i) => interim(i));

function measure(what: string, step: (run: number) => void): void {
  step(0);
  const before = process.cpuUsage();
  for (let run = 1; run <= RUNS; run++) step(run);
  const { user, system } = process.cpuUsage(before);
  const micros = (user + system) / (REQUESTS * RUNS);
  process.stdout.write(`${what}: ${micros.toFixed(2)} µs, ${Math.round(1e6 / micros)} a second on a core\n`);
}

process.stdout.write(`requests of ${requests[0]?.length} octets\n`);
const packet = new Packet();
measure("encoded", () => {
  for (let i = 0; i < REQUESTS; i++) interim(i);
});
measure("read", () => {
  for (const bytes of requests) packet.read(bytes);
});
measure("read and verified", () => {
  for (const bytes of requests) {
    packet.read(bytes);
    if (verifyAccountingRequest(packet, SECRET) !== null) throw new Error("does not verify");
  }
});
measure("read and answered", () => {
  for (const bytes of requests) {
    packet.read(bytes);
    accountingResponse(packet, SECRET);
  }
});

const keys = openIdentityKeys(null, Buffer.alloc(32, 7).toString("base64url"));
measure("identities hashed", () => {
  for (let i = 0; i < REQUESTS; i++) keys.hash(`telecom\0${i}`, 0);
});

// All of it but the sockets and the bus itself.
const bus = { publish: async () => {} } as unknown as Bus;
const logger = createLogger("silent", "bench");
const client = {
  prefix: { address: new Uint8Array(16), length: 0 },
  name: "all",
  secrets: [SECRET],
  operator: "telecom",
  region: "210100",
  access: "fixed",
  accessByNasPortType: new Map(),
  identityAttributes: ["Calling-Station-Id"] as const,
};
const outbox = new Outbox({ bus, logger });
const writer = new EventWriter({ outbox, keys, dictionary: loadDictionary(null) });
const server = new RadiusServer({
  clients: new Clients([client]),
  outbox,
  writer,
  duplicateWindowMs: 30_000,
  queueMaxRequests: Number.POSITIVE_INFINITY,
  logger,
});
const listener = { send: () => {} } as unknown as Listener;
measure("taken in, encoded for the bus and answered", (run) => {
  // From another port in each run: none is a duplicate.
  for (const bytes of requests) server.take(bytes, { address: "127.0.0.1", port: 1_024 + run }, listener, Date.now());
});
await server.flush();
if (server.counts.accepted !== REQUESTS * (RUNS + 1)) throw new Error("not all were taken in");

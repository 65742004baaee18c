/**
 * What classifying costs: `node services/lib/classify/classify.bench.ts` prints CPU time by step. Not a vitest
 * benchmark: vitest wraps every import in a getter, which the loops would be measured with.
 */

import { Random } from "@v6meter/random";
import { SessionTable } from "@v6meter/sessions";
import { sessionBatchOf } from "@v6meter/sessions/test-events";
import { createClassifier } from "./classifier.ts";
import { loadRegistry } from "./load-registry.ts";
import { PrefixTrie } from "./prefix-trie.ts";
import { sipHash24 } from "./siphash.ts";
import { batchOf, TEST_TIME, type TestFlow } from "./test-batch.ts";

const ROWS = 65_536;
const RUNS = 60;
const source = new Random(1);
const random = () => source.next();
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const hex = () => Math.floor(random() * 65_536).toString(16);
const octet = () => Math.floor(random() * 256);

const SUBSCRIBERS = ["240e:30c", "240e:40c", "2409:8a14", "2409:8914", "2408:8230", "2408:8430"];
const SERVERS = ["2400:3200", "240e:900", "2409:8c20", "2001:da8", "2606:4700", "2a00:1450"];

const isSubscriber = (address: string) =>
  address.startsWith("100.64.") || SUBSCRIBERS.some((prefix) => address.startsWith(`${prefix}:`));

/** Traffic of a metropolitan network: two thirds IPv6, some tunnels, 16 routers. */
function mixedFlow(): TestFlow {
  const v6 = random() < 0.66;
  const user = v6 ? `${pick(SUBSCRIBERS)}:${hex()}:${hex()}::${hex()}` : `100.64.${octet()}.${octet()}`;
  const server = v6 ? `${pick(SERVERS)}:${hex()}::${hex()}` : `${1 + (octet() >> 1)}.${octet()}.${octet()}.${octet()}`;
  const up = random() < 0.4;
  return {
    exporter: `198.18.0.${Math.floor(random() * 16)}`,
    src: up ? user : server,
    dst: up ? server : user,
    srcPort: up ? 1_024 + Math.floor(random() * 60_000) : 443,
    dstPort: up ? 443 : 1_024 + Math.floor(random() * 60_000),
    protocol: random() < 0.03 ? 41 : pick([6, 6, 17]),
    inIf: Math.floor(random() * 8),
    outIf: Math.floor(random() * 8),
  };
}

// Every flow is exported by a second router as well: half of the rows are repeats.
const flows = Array.from({ length: ROWS / 2 }, mixedFlow);
const batch = batchOf([...flows, ...flows.map((flow) => ({ ...flow, exporter: "198.18.0.99" }))]);
const registry = loadRegistry(null);
const classifier = createClassifier({
  registry,
  subscriberKey: new Uint8Array(16).fill(7),
  repeatWindowMs: 300_000,
  repeatSlots: 1_048_576,
});

function measure(what: string, step: (run: number) => void): void {
  for (let run = 0; run < 10; run++) step(run);
  const before = process.cpuUsage();
  for (let run = 10; run < 10 + RUNS; run++) step(run);
  const { user, system } = process.cpuUsage(before);
  const rowsPerS = (ROWS * RUNS * 1e6) / (user + system);
  process.stdout.write(`${what}: ${(rowsPerS / 1e6).toFixed(2)} M/s a core\n`);
}

const { src_port, protocol } = batch.columns;
measure("rows classified", (run) => {
  // Ports change from run to run, so that all flows are new to the table of repeats.
  for (let row = 0; row < ROWS; row++) src_port[row] = ((src_port[row] as number) + run) & 0xffff;
  classifier.classify(batch);
});

// A subscriber's session for every prefix and every private address, as a province with AAA has them.
const sessions = new SessionTable({ slots: 65_536, windowMs: 3_600_000, graceMs: 2_000, seed: 1 });
const users = flows.map(({ src, dst }) => [src, dst].find((address) => isSubscriber(address ?? "")) ?? "");
const AT_MS = Date.parse(TEST_TIME) - 60_000;
sessions.apply(
  sessionBatchOf(
    users.map((user, i) => ({
      status: "start" as const,
      at: AT_MS,
      session: i + 1,
      subscriber: i + 1,
      ...(user.includes(":") ? { framed: `${user.split(":").slice(0, 4).join(":")}::/64` } : { v4: user }),
    })),
  ),
);
const joining = createClassifier({
  registry,
  subscriberKey: new Uint8Array(16).fill(7),
  repeatWindowMs: 300_000,
  repeatSlots: 1_048_576,
  sessions,
});
measure("rows classified and joined with sessions", (run) => {
  for (let row = 0; row < ROWS; row++) src_port[row] = ((src_port[row] as number) + run) & 0xffff;
  joining.classify(batch);
});
const { sessionRows, sessionlessRows } = joining.totals;
process.stdout.write(
  `  of them with a session: ${((100 * sessionRows) / (sessionRows + sessionlessRows)).toFixed(1)} %\n`,
);

const trie = new PrefixTrie();
const table = registry.prefixes.filter(({ prefix }) => prefix.ipVersion === 6);
for (const [i, { prefix }] of table.toSorted((a, b) => a.prefix.length - b.prefix.length).entries())
  trie.insert(prefix.bytes, prefix.length, i + 1);
measure("longest-prefix matches", () => {
  for (let row = 0; row < ROWS; row++) protocol[row] = trie.lookup(batch.columns.src_addr, row * 16);
});

const [key, message, hash] = [new Uint32Array(4), new Uint8Array(9), new Uint32Array(2)];
measure("subscriber hashes", (run) => {
  for (let row = 0; row < ROWS; row++) {
    message[8] = row + run;
    sipHash24(key, message, 9, hash);
  }
});

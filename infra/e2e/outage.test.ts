import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaIsThere } from "@v6meter/kafka";
import { describe, expect, test } from "vitest";
import { type ExporterBooks, FedCluster, type FedClusterOptions } from "./fed-cluster.test-data.ts";
import { RECORDS } from "./flow-sender.ts";
import type { ProgramProcess } from "./program-process.ts";

const OUTAGE_MS = Number(process.env.OUTAGE_S ?? 60) * 1_000;
const TIMEOUT_MS = 480_000 + 2 * OUTAGE_MS;
/** The least that the setting allows. */
const SPOOL_MAX_BYTES = 268_435_456;
/** Of a disk on which the spool's file can grow no larger. */
const DISK_BYTES = 33_554_432;
const DROPPED_RECORDS = 50_000;
const FULL = /spool holds \d+ of at most 268435456 bytes and has no room/;

/** A cluster of its own for each test: they run at once, as they wait most of the time. */
async function within(options: FedClusterOptions, claim: (fed: FedCluster) => Promise<void>): Promise<void> {
  const fed = await FedCluster.start(options);
  try {
    await fed.sendingWhile(() => sleep(1_000));
    await fed.expectExact();
    await claim(fed);
  } finally {
    await fed.end();
  }
}

/** The largest file the process may write from now on; null for any. */
function limitFiles({ pid }: ProgramProcess, bytes: number | null): void {
  const limit = `--fsize=${bytes ?? "unlimited"}:`;
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), limit], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
}

/** The runs of an exporter's record numbers without a gap, oldest first: how many were left out before it, and its length. */
async function runsOf({ cluster }: FedCluster, exporter: string): Promise<[missing: number, records: number][]> {
  const rows = await cluster.sql<[string, string]>(`
    SELECT toString(number - place) AS missing, toString(count())
    FROM (
      SELECT reinterpretAsUInt64(reverse(unhex(substring(hex(src_addr), 17)))) AS number,
             row_number() OVER (ORDER BY number) - 1 AS place
      FROM flows WHERE exporter = toIPv6('${exporter}')
    )
    GROUP BY missing ORDER BY min(number)`);
  return rows.map(([missing, records]) => [Number(missing), Number(records)]);
}

// Kafka is stopped here: it must be a node of one's own.
const kafkaCanRun = kafkaIsThere({ ...process.env, KAFKA_BROKERS: undefined });

describe.skipIf(!kafkaCanRun).concurrent("outages under load: the books balance, every row once", () => {
  test(`Kafka stopped for ${OUTAGE_MS / 1_000} s: the spools take everything`, { timeout: TIMEOUT_MS }, () =>
    within({ exporters: ["127.9.2.1", "127.9.2.2"], collectors: 2, classifiers: 1 }, async (fed) => {
      const [collector] = fed.cluster.collectors as [ProgramProcess];
      await fed.sendingWhile(async () => {
        await fed.stopKafka();
        await sleep(OUTAGE_MS);
        expect(await fed.cluster.trouble(collector)).toMatch(/Kafka|broker/);
        await fed.restartKafka();
      });
      await fed.expectExact();
      expect(await fed.cluster.trouble(collector)).toBeNull();
    }),
  );

  test(
    `the store refuses inserts for ${OUTAGE_MS / 1_000} s, of flows and of a roll-up alone`,
    {
      timeout: TIMEOUT_MS,
    },
    () =>
      within({ exporters: ["127.9.3.1", "127.9.3.2"], collectors: 1, classifiers: 2 }, async (fed) => {
        const { cluster } = fed;
        const [collector] = cluster.collectors as [ProgramProcess];
        /** Rows of flows, or records a roll-up sums. */
        const rowsOf = async (table: string) => {
          const sum = table === "flows" ? "count()" : "sum(records)";
          return Number((await cluster.sql<[string]>(`SELECT toString(${sum}) FROM ${table}`))[0]?.[0]);
        };
        interface Refusal {
          readonly from: string;
          readonly to: string;
          /** What the classifiers tell meanwhile. */
          readonly told: RegExp;
          /** Rows that are in flows, and not in the table. */
          readonly ahead: boolean;
        }
        /** The store refuses what goes into the table, from one statement to the other, and answers all the while. */
        async function refusing(table: string, { from, to, told, ahead }: Refusal): Promise<void> {
          await cluster.asOwner(`ALTER TABLE ${table} ${from}`);
          await sleep(1_000);
          const before = await rowsOf(table);
          await sleep(OUTAGE_MS / 2);
          expect(await rowsOf(table), `${table} takes nothing`).toBe(before);
          expect((await rowsOf("flows")) > (await rowsOf("flows_1h"))).toBe(ahead);
          for (const it of cluster.classifiers) expect(await cluster.trouble(it)).toMatch(told);
          expect(await cluster.trouble(collector), "Kafka takes everything").toBeNull();
          await cluster.asOwner(`ALTER TABLE ${table} ${to}`);
        }
        await fed.sendingWhile(async () => {
          const setting = "SETTING max_parts_in_total";
          const many = { from: `MODIFY ${setting} = 1`, to: `RESET ${setting}`, ahead: false };
          await refusing("flows", { ...many, told: /TOO_MANY_PARTS \(252\)/ });
          // An insert that fails in the second roll-up has put its rows into flows and the first one.
          const violated = { from: "ADD CONSTRAINT no CHECK records = 0", to: "DROP CONSTRAINT no", ahead: true };
          await refusing("flows_1h", { ...violated, told: /VIOLATED_CONSTRAINT \(469\).*\.flows_1h/ });
        });
        await fed.expectExact();
        expect(await Promise.all(cluster.classifiers.map((it) => cluster.trouble(it)))).toEqual([null, null]);
      }),
  );

  test("a full disk, then a full spool: a state that is told, the oldest kept, every drop counted", {
    timeout: TIMEOUT_MS,
  }, () => {
    const exporter = "127.9.4.1";
    const env = {
      V6METER_BUS__MAX_BYTES: String(SPOOL_MAX_BYTES),
      // These records say little: compressed, more of them would fit into the spool than can be sent here.
      V6METER_BUS__KAFKA__SPOOL_COMPRESSION: "none",
    };
    return within({ exporters: [exporter], collectors: 1, classifiers: 1, env }, async (fed) => {
      const { cluster } = fed;
      const [collector] = cluster.collectors as [ProgramProcess];
      const figure = async (name: string) => (await cluster.figure(collector, name))[0] ?? 0;
      const dropped = () => figure("v6meter_collector_dropped_records_total");
      limitFiles(collector, DISK_BYTES);
      await fed.stopKafka();
      await fed.floodUntil(async () => (await dropped()) > DROPPED_RECORDS);
      expect(await cluster.trouble(collector)).toMatch(/spool cannot be read or written: /);
      expect(collector.output).toContain("the bus does not take more for now");
      expect(await figure("v6meter_bus_bytes")).toBeLessThan(DISK_BYTES);

      // What waited in memory is more than the spool may hold.
      limitFiles(collector, null);
      while (!FULL.test((await cluster.trouble(collector)) ?? "")) await sleep(200);
      expect(await figure("v6meter_bus_bytes")).toBeGreaterThan(SPOOL_MAX_BYTES * 0.9);

      await fed.restartKafka();
      const [books] = await fed.expectExact({ full: [0] });
      await fed.sendingWhile(() => sleep(1_000));
      await fed.expectExact();
      expect(await cluster.trouble(collector)).toBeNull();
      const { busFull } = books as ExporterBooks;
      expect(busFull).toBeGreaterThan(DROPPED_RECORDS);
      const records = (fed.senders[0]?.datagrams ?? 0) * RECORDS;
      const [[, kept], ...after] = (await runsOf(fed, exporter)) as [[number, number]];
      // One gap, behind everything that was there while there was room.
      expect(after).toEqual([[busFull, records - busFull - kept]]);
    });
  });
});

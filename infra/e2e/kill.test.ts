import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "@v6meter/random";
import { formatHostPort } from "@v6meter/schemas";
import { afterAll, expect, test } from "vitest";
import { FlowSender } from "./flow-sender.ts";
import { type Platform, settled, startPlatform } from "./platform.ts";

const ROUNDS = 20;
const SEED = Number(process.env.SEED ?? 20261124);
const EXPORTERS = ["127.9.0.1", "127.9.0.2", "127.9.0.3"];

const data = mkdtempSync(join(tmpdir(), "v6meter-kill-"));
let platform: Platform | undefined;
afterAll(async () => {
  await platform?.kill();
  rmSync(data, { recursive: true, force: true });
});

const number = async (on: Platform, query: string) => Number((await on.sql<[string]>(query))[0]?.[0]);

test(`after ${ROUNDS} kills (seed ${SEED}) the books balance and every row is there exactly once`, {
  timeout: 600_000,
}, async () => {
  const random = new Random(SEED);
  platform = await startPlatform(data);
  const udp = formatHostPort(platform.udp);
  const senders = await Promise.all(
    EXPORTERS.map((address) => FlowSender.open(address, platform?.udp as Platform["udp"])),
  );
  let sending = true;
  const feeding = (async () => {
    while (sending) {
      await Promise.all(senders.map((sender) => sender.send()));
      await sleep(2);
    }
  })();

  let seen = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(200 + random.next() * 1_300);
    const rows = await number(platform, "SELECT count() FROM flows");
    expect(rows, `round ${round}: a row that could be read is gone`).toBeGreaterThanOrEqual(seen);
    seen = rows;
    await sleep(random.next() * 300);
    await platform.kill();
    platform = await startPlatform(data, { udp });
  }
  await sleep(500);
  sending = false;
  await feeding;
  const { written } = await settled(platform, { expected: senders.reduce((sum, it) => sum + it.datagrams, 0) });

  const [raw] = await platform.sql<[string, string, string]>(
    "SELECT toString(count()), toString(uniqExact(exporter, src_addr)), toString(sum(bytes)) FROM flows",
  );
  const [rows, distinct, bytes] = (raw as string[]).map(Number) as [number, number, number];
  expect(rows, "rows and the books' written").toBe(written);
  expect(distinct, "distinct rows").toBe(rows);
  expect(rows).toBeGreaterThan(0);

  for (const rollup of ["flows_5m", "flows_1h", "flows_1d"]) {
    const [sums] = await platform.sql<[string, string]>(
      `SELECT toString(sum(records)), toString(sum(bytes)) FROM ${rollup}`,
    );
    expect((sums as string[]).map(Number), rollup).toEqual([rows, bytes]);
  }

  const stages = await platform.sql<[string, string, string, string, string, string]>(`
    SELECT toString(exporter), stage,
           toString(sumIf(count, outcome = 'received')), toString(sumIf(count, outcome = 'forwarded')),
           toString(sumIf(count, outcome = 'held')), toString(sumIf(count, outcome = 'dropped'))
    FROM ledger GROUP BY exporter, stage`);
  for (const [exporter, stage, ...counts] of stages) {
    const [received, forwarded, held, dropped] = counts.map(Number) as [number, number, number, number];
    expect(forwarded + held + dropped, `${exporter} ${stage}`).toBe(received);
  }

  for (const [index, sender] of senders.entries()) {
    const of = (stage: string, outcome: string) =>
      number(
        platform as Platform,
        `SELECT toString(sum(count)) FROM ledger WHERE exporter = toIPv6('${EXPORTERS[index]}') AND stage = '${stage}' AND outcome = '${outcome}'`,
      );
    const [received, lost, expected] = [
      await of("receive", "received"),
      await of("receive", "lost"),
      await of("receive", "expected"),
    ];
    expect(expected, "every datagram that was sent is expected").toBe(sender.datagrams);
    expect(received + lost, "what is not received shows as lost").toBe(sender.datagrams);
    expect(await of("write", "forwarded")).toBe(received * 20);
    sender.close();
  }
  process.stdout.write(
    `kill -9: ${ROUNDS} rounds, ${rows} rows written once, ${senders.reduce((sum, it) => sum + it.records, 0) - rows} records not received while it was down (all shown as lost)\n`,
  );
});

import { randomUUID } from "node:crypto";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bus, openKafkaBus } from "@v6meter/bus";
import { type Brokers, brokersForTests, kafkaIsThere } from "@v6meter/kafka";
import { Fault, config as settings, TOPICS } from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { balances, booked, published, startService, TestFolder } from "./accounting.test-data.ts";
import { Nas, request } from "./requests.test-data.ts";

describe.runIf(kafkaIsThere())("sessions to Kafka", () => {
  let brokers: Brokers;
  let bus: Bus;
  const folder = new TestFolder();
  beforeAll(async () => {
    brokers = await brokersForTests();
    const kafka = {
      brokers: brokers.brokers,
      topic_prefix: `test-${randomUUID().slice(0, 8)}.`,
      session_timeout_ms: 6_000,
    };
    bus = await openKafkaBus({ config: settings.parse({ bus: { partitions: 2, kafka } }).bus });
  }, 300_000);
  afterAll(async () => {
    await bus?.stop();
    await brokers?.stop();
    folder.remove();
  });

  test("a publish whose answer is lost is found, so its events and books are there once; so is a batch file", async () => {
    let lost = false;
    const losing = new Proxy(bus, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "publish") return typeof value === "function" ? value.bind(target) : value;
        return async (messages: Parameters<Bus["publish"]>[0]) => {
          await target.publish(messages);
          if (lost || !messages.some(({ topic }) => topic === TOPICS.sessions.name)) return;
          lost = true;
          // A transaction is seen a moment after its commit is answered; after an error of its own the bus waits for that.
          while ((await target.latest(TOPICS.positions.name)).size === 0) await sleep(10);
          throw new Fault("BUS_UNREACHABLE");
        };
      },
    });
    const dir = join(folder.path, "import");
    mkdirSync(dir);
    folder.file("secret", "s3cret of the BRAS");
    const clients = folder.file("clients.yaml", "clients:\n  - { client: 127.0.0.1, secret_file: secret }\n");
    const { service } = await startService(folder, { clients_file: clients, import_dir: dir }, { bus: losing });
    const nas = await Nas.at(service.addresses[0]?.port as number);
    for (let i = 0; i < 100; i++)
      nas.send(request(i, { "Acct-Session-Id": `s${i}`, "NAS-Identifier": `bras-${i % 7}` }));
    expect(new Set(await nas.answered(100)).size).toBe(100);
    writeFileSync(
      join(dir, "a.csv"),
      "event_at,status_type,nas,session,identity\n2026-11-24T12:00:00Z,start,n,s,i\n2026-11-24T12:00:00Z,start,n\n",
    );
    utimesSync(join(dir, "a.csv"), 1, 1);
    while (service.counts().files.files === 0) await sleep(20);
    nas.close();
    await service.stop();
    expect(service.counts().publishing).toMatchObject({
      publishesFound: 1,
      events: 101,
      queuedEvents: 0,
      trouble: null,
    });
    const { events, ledger } = await published(bus, "test", 20_000);
    expect(events).toHaveLength(101);
    expect([booked(ledger, "received"), booked(ledger, "forwarded")]).toEqual([102, 101]);
    expect(balances(ledger)).toBe(true);
    expect(await bus.latest(TOPICS.positions.name)).toEqual(new Map());
  }, 180_000);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeSessions } from "@v6meter/batch";
import { type Bus, openKafkaBus } from "@v6meter/bus";
import { createClassifier, loadRegistry } from "@v6meter/classify";
import { type Brokers, brokersForTests, kafkaIsThere } from "@v6meter/kafka";
import { createLogger } from "@v6meter/runtime";
import { config, TOPICS } from "@v6meter/schemas";
import { SessionTable } from "@v6meter/sessions";
import { sessionBatchOf } from "@v6meter/sessions/test-events";
import { openEmbeddedStore, type Store } from "@v6meter/store";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClassifierService } from "./service.ts";

const SESSIONS = 64;
const logger = createLogger("silent", "test");

describe.runIf(kafkaIsThere())("several classifiers on Kafka", () => {
  let brokers: Brokers;
  let folder: string;
  let store: Store;
  beforeAll(async () => {
    brokers = await brokersForTests();
    folder = mkdtempSync(join(tmpdir(), "v6meter-classifiers-"));
    store = await openEmbeddedStore({ path: join(folder, "store"), config: config.parse({}).store });
    await store.migrate();
  }, 300_000);
  afterAll(async () => {
    await brokers?.stop();
    await store?.stop();
    rmSync(folder, { recursive: true });
  });

  test("every one knows all sessions, each event is stored once, and what followed leaves nothing behind", async () => {
    const topicPrefix = `test-${Date.now().toString(36)}.`;
    const settings = config.parse({
      bus: {
        partitions: 4,
        kafka: { brokers: brokers.brokers, topic_prefix: topicPrefix, session_timeout_ms: 6_000 },
      },
      classifier: { cut_interval_ms: 10 },
    });
    await using parts = new AsyncDisposableStack();
    const open = async () => parts.adopt(await openKafkaBus({ config: settings.bus }), (bus) => bus.stop());
    const tell = async (bus: Bus, from: number) => {
      for (let session = from; session < from + SESSIONS / 2; session++) {
        const framed = `2409:8914:0:${session.toString(16)}::/64`;
        const batch = sessionBatchOf([{ status: "start", at: Date.now(), session, subscriber: session, framed }]);
        await bus.publish([{ topic: TOPICS.sessions.name, key: `nas-${session}`, value: encodeSessions(batch) }]);
      }
    };
    const member = async () => {
      const bus = await open();
      const sessions = new SessionTable({ slots: 1_024, windowMs: 3_600_000, graceMs: 2_000 });
      const classifier = createClassifier({
        registry: loadRegistry(null),
        subscriberKey: new Uint8Array(32),
        repeatWindowMs: 1_000,
        repeatSlots: 1_024,
        sessions,
      });
      const service = createClassifierService({
        config: settings.classifier,
        bus,
        store,
        classifier,
        sessions,
        logger,
        onExit: (error) => {
          throw error;
        },
      });
      await service.start();
      return { service, sessions };
    };

    const publisher = await open();
    await tell(publisher, 1);
    const members = await Promise.all([member(), member()]);
    await tell(publisher, 1 + SESSIONS / 2);
    while (members.some(({ sessions }) => sessions.size < SESSIONS)) await sleep(50);
    const stored = () => members.reduce((sum, { service }) => sum + (service.sessionCounts()?.rows ?? 0), 0);
    while (stored() < SESSIONS) await sleep(50);
    for (const { service } of members) await service.stop();

    const { rows } = await store.raw("SELECT count(), uniqExact(session) FROM sessions", {
      maxExecutionS: 20,
      maxRows: 10,
      maxMemoryBytes: 500_000_000,
    });
    expect(rows).toEqual([[String(SESSIONS), String(SESSIONS)]]);

    const admin = new Kafka({ brokers: [...brokers.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const { groups } = await admin.listGroups();
    await admin.disconnect();
    const ours = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(topicPrefix));
    expect(ours.sort()).toEqual(["classifier", "classifier-sessions"].map((group) => `${topicPrefix}v6meter.${group}`));
  }, 180_000);
});

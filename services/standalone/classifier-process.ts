import { openKafkaBus } from "@v6meter/bus";
import { loadRegistry } from "@v6meter/classify";
import { createMonitor } from "@v6meter/monitor";
import { type Logger, startWith } from "@v6meter/runtime";
import { type Config, formatHostPort } from "@v6meter/schemas";
import { openServerStore } from "@v6meter/store";
import { startClassifying } from "./classifying.ts";
import { classifierFigures } from "./figures.ts";
import { openKey } from "./keys.ts";
import { needKafka, needServerStore } from "./needs.ts";
import type { Program, Running } from "./run.ts";
import { supervise, untilReached } from "./supervision.ts";

/** Kafka to the store, as one member of the group of classifiers: as many processes of it as wanted. */
async function startClassifierProcess(config: Config, logger: Logger, signal: AbortSignal): Promise<Running> {
  needKafka(config);
  needServerStore(config);
  loadRegistry(config.classifier.registry_dir);
  const { key } = await openKey(config, "admin");
  const subscriberKey = await openKey(config, "subscriber");
  const { failed, ended } = supervise();

  await using parts = new AsyncDisposableStack();
  const openStore = async () => {
    const store = await openServerStore({ config: config.store, leastUsers: config.query.min_cell_users });
    await store.migrate().catch(async (error: unknown) => {
      await store.stop();
      throw error;
    });
    return store;
  };
  const reached = { logger, signal };
  const store = parts.adopt(await untilReached("the store", openStore, reached), (it) => it.stop());
  const openBus = () => openKafkaBus({ config: config.bus, logger });
  const bus = parts.adopt(await untilReached("Kafka", openBus, reached), (it) => it.stop());
  const classifying = await startClassifying(parts, {
    config: config.classifier,
    bus,
    store,
    subscriberKey: subscriberKey.key,
    logger,
    onExit: ended("classifier"),
  });
  const monitor = createMonitor({
    at: config.classifier.monitor,
    setting: "classifier.monitor",
    key,
    figures: () => classifierFigures(classifying),
    trouble: () => classifying.trouble(),
    logger,
  });
  await startWith(parts, monitor);

  const running = parts.move();
  return {
    failed,
    announce: () => [`MON   http://${formatHostPort(monitor.address)}/metrics`],
    stop: () => running.disposeAsync(),
  };
}

/** `v6meter classifier`. */
export const CLASSIFIER: Program<Running> = {
  name: "classifier",
  says: "Kafka to the store: one member of the group of classifiers",
  options: ["data", "keys", "kafka", "store", "registry", "classifier-monitor"],
  start: startClassifierProcess,
};

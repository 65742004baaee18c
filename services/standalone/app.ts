import { join } from "node:path";
import { openEmbeddedBus } from "@v6meter/bus";
import { createClassifierService } from "@v6meter/classifier";
import { createClassifier, loadRegistry, watchRegistry } from "@v6meter/classify";
import { createCollectorThread } from "@v6meter/collector";
import { createQueryService } from "@v6meter/query";
import { ensureKey, ensureWritableFolder, type Logger, startWith } from "@v6meter/runtime";
import { type Config, Fault, type HostPort } from "@v6meter/schemas";
import { openEmbeddedStore } from "@v6meter/store";
import { liveFigures } from "./live-figures.ts";

export interface App {
  readonly udp: readonly HostPort[];
  readonly http: HostPort;
  /** The administrator's key; `created` when this start made it, and it is to be shown once. */
  readonly adminKey: { readonly key: string; readonly created: boolean };
  /** Rejects when a part ends that nobody asked to; never resolves. */
  readonly failed: Promise<never>;
  /** Stops the intake first and the store last: what was received is written. */
  stop(): Promise<void>;
}

/**
 * The whole platform in this process, wired by hand against the way of the data: the store is up before
 * the classifier, the classifier before the collector. When a part cannot start, those that run stop.
 */
export async function startApp(config: Config, logger: Logger): Promise<App> {
  const registryDir = config.classifier.registry_dir;
  const registry = loadRegistry(registryDir);
  await ensureWritableFolder(config.data_dir, "data_dir");
  const adminKey = await ensureKey(join(config.data_dir, "admin.key"));
  const subscriberKey = await ensureKey(join(config.data_dir, "subscriber.key"));
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});

  await using parts = new AsyncDisposableStack();
  const storePath = join(config.data_dir, "store");
  const store = parts.adopt(await openEmbeddedStore({ path: storePath, config: config.store }), (it) => it.stop());
  await store.migrate();
  const busOptions = { path: join(config.data_dir, "bus"), partitions: config.bus.partitions };
  const bus = parts.adopt(await openEmbeddedBus({ ...busOptions, maxBytes: config.bus.max_bytes }), (it) => it.stop());

  const classifier = createClassifier({
    registry,
    subscriberKey: Buffer.from(subscriberKey.key, "base64url"),
    repeatWindowMs: config.classifier.repeat_window_ms,
    repeatSlots: config.classifier.repeat_slots,
  });
  if (registryDir !== null) {
    const watch = watchRegistry(registryDir, {
      onChange: (changed) => {
        classifier.use(changed);
        logger.info("the registry has changed and is in force");
      },
      onError: (fault) => logger.error(fault.message),
      since: registry,
    });
    parts.defer(async () => watch.stop());
  }
  const ended = (part: string) => (cause: Error) =>
    failed.reject(new Fault("INTERNAL", `the ${part} has ended: ${cause.message}`, { cause }));
  const onExit = ended("classifier");
  const classifying = createClassifierService({ config: config.classifier, bus, store, classifier, logger, onExit });
  await startWith(parts, classifying);

  const collector = createCollectorThread({
    config,
    busPath: busOptions.path,
    logger,
    onExit: ended("collector"),
  });
  const query = createQueryService({
    store,
    config: config.query,
    adminKey: adminKey.key,
    logger,
    live: () => liveFigures({ bus, collector, classifying }),
    trouble: () => classifying.trouble(),
  });
  const http = await query.start();
  parts.defer(() => query.stop());
  await startWith(parts, collector);

  const running = parts.move();
  let stopping: Promise<void> | undefined;
  return {
    udp: collector.addresses,
    http,
    adminKey,
    failed: failed.promise,
    stop: () => {
      stopping ??= running.disposeAsync();
      return stopping;
    },
  };
}

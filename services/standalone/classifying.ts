import type { Bus } from "@v6meter/bus";
import { type ClassifierService, createClassifierService } from "@v6meter/classifier";
import { createClassifier, loadRegistry, watchRegistry } from "@v6meter/classify";
import { type Logger, startWith } from "@v6meter/runtime";
import type { Config } from "@v6meter/schemas";
import { SessionTable } from "@v6meter/sessions";
import type { Store } from "@v6meter/store";

export interface ClassifyingOptions {
  readonly config: Config["classifier"];
  readonly bus: Bus;
  readonly store: Store;
  /** Key of the subscribers' hashes, in base64url. */
  readonly subscriberKey: string;
  readonly logger: Logger;
  readonly onExit: (error: Error) => void;
}

/** A classifier with its sessions and its registry, which is read again when its files change; left to the stack to stop. */
export async function startClassifying(
  parts: AsyncDisposableStack,
  { config, bus, store, subscriberKey, logger, onExit }: ClassifyingOptions,
): Promise<ClassifierService> {
  const registry = loadRegistry(config.registry_dir);
  const sessions = new SessionTable({
    slots: config.session_slots,
    windowMs: config.session_window_ms,
    graceMs: config.session_grace_ms,
  });
  const classifier = createClassifier({
    registry,
    subscriberKey: Buffer.from(subscriberKey, "base64url"),
    repeatWindowMs: config.repeat_window_ms,
    repeatSlots: config.repeat_slots,
    sessions,
  });
  if (config.registry_dir !== null) {
    const watch = watchRegistry(config.registry_dir, {
      onChange: (changed) => {
        classifier.use(changed);
        logger.info("the registry has changed and is in force");
      },
      onError: (fault) => logger.error(fault.message),
      since: registry,
    });
    parts.defer(async () => watch.stop());
  }
  const classifying = createClassifierService({ config, bus, store, classifier, sessions, logger, onExit });
  await startWith(parts, classifying);
  return classifying;
}

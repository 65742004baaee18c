import { type Config, Fault } from "@v6meter/schemas";

/** Throws CONFIG_INVALID where a process that stands beside others has no Kafka to meet them. */
export function needKafka({ bus }: Config): void {
  if (bus.kafka.brokers.length > 0) return;
  throw new Fault(
    "CONFIG_INVALID",
    "bus.kafka.brokers: none is set, allowed is a list of HOST:PORT; without Kafka, v6meter start runs everything in one process.",
  );
}

/** Throws CONFIG_INVALID where a process that stands beside others has no server to store with. */
export function needServerStore({ store }: Config): void {
  if (store.url !== null) return;
  throw new Fault(
    "CONFIG_INVALID",
    "store.url: none is set, allowed is the URL of ClickHouse's HTTP interface; v6meter store serves one, and v6meter start runs everything in one process.",
  );
}

import { type Brokers, brokersForTests, kafkaIsThere } from "@v6meter/kafka";
import { afterAll, beforeAll, describe } from "vitest";
import { busContract } from "../contract.ts";
import { openKafkaBus } from "./bus.ts";
import { ownPlace } from "./place.test-data.ts";

describe.runIf(kafkaIsThere())("on Kafka", () => {
  let brokers: Brokers;
  beforeAll(async () => {
    brokers = await brokersForTests();
  }, 300_000);
  afterAll(() => brokers?.stop());

  busContract(
    "kafka",
    async () => {
      const config = ownPlace(brokers.brokers);
      return { open: () => openKafkaBus({ config }), remove: async () => {} };
    },
    { bounded: false, exactLag: false },
  );
});

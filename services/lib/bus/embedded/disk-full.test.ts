import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { TOPICS } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { openEmbeddedBus } from "./bus.ts";
import { testFolder } from "./folder.test-data.ts";

test("a full disk is a retryable fault, and everything acknowledged before is kept", async () => {
  const path = join(testFolder(), "bus");
  const script = join(import.meta.dirname, "disk-full.test-process.ts");
  // ulimit counts in blocks of 512 bytes: 4 MB.
  const run = spawnSync("sh", ["-c", 'ulimit -f 8000; exec "$0" "$@"', process.execPath, script, path], {
    encoding: "utf8",
  });
  expect([run.status, run.signal]).toEqual([0, null]);
  const told = JSON.parse(run.stdout);
  expect(told).toMatchObject({ fault: true, code: "BUS_UNREACHABLE" });
  expect(told.message).toContain(path);
  expect(told.acknowledged).toBeGreaterThan(10);

  const bus = await openEmbeddedBus({ path, partitions: 1, maxBytes: 500_000_000 });
  const consumer = await bus.consumer({ topic: TOPICS.flows.name, group: "g" });
  const delivery = await consumer.receive({ maxMessages: 1_000, maxBytes: 500_000_000, waitMs: 0 });
  expect(delivery?.messages.length).toBe(told.acknowledged);
  await bus.publish([{ topic: TOPICS.flows.name, key: "a", value: Buffer.from("more") }]);
  await bus.stop();
});

/**
 * A writer to be killed: `node kill.test-child.ts STORE FIRST_CUT ROWS FROM_MS SEED`, the store a folder or
 * the URL of a server. Inserts cuts from the given one on, without end, and says `opened` and then `stored N`
 * after each insert is acknowledged.
 */

import { writeSync } from "node:fs";
import { encodeFlows } from "@v6meter/batch";
import { storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore } from "./embedded.ts";
import { cutToKill } from "./kill.test-data.ts";
import { openServerStore } from "./server/server-store.ts";

const [place = "", first = "0", rows = "0", fromMs = "0", seed = "0"] = process.argv.slice(2);
const store = place.startsWith("http")
  ? await openServerStore({ config: storeConfig.parse({ url: place }) })
  : await openEmbeddedStore({ path: place, config: storeConfig.parse({}) });
await store.migrate();
writeSync(1, "opened\n");
for (let cut = Number(first); ; cut++) {
  const batch = cutToKill(cut, Number(rows), Number(fromMs));
  // As a classifier that lost its memory of repeats would: the same rows, counted otherwise.
  if (cut === Number(first)) batch.columns.counted.fill(Number(seed) % 3, 0, batch.rows);
  await store.insert({
    table: "flows",
    arrow: encodeFlows(batch, { stage: "classify" }),
    rows: batch.rows,
    token: `bus:0:${cut}`,
  });
  writeSync(1, `stored ${cut}\n`);
}

import { expect, test } from "vitest";
import { openTestStore } from "../query/province.test-data.ts";
import { askStore } from "./asked.test-data.ts";
import { compose, gather } from "./compose.ts";
import { liveSource } from "./frozen.ts";
import { monthOf } from "./month.ts";
import { insertYear, MONTH } from "./province.test-data.ts";
import { loadTemplate } from "./template.ts";

test("half of the exporters missing: said before any figure, with their number, and each is named", async () => {
  const { store, close } = await openTestStore();
  const { ask, stop } = askStore(store);
  try {
    await insertYear(store, ["192.0.2.1", "192.0.2.2"]);
    const month = monthOf(MONTH, Date.now());
    const nowMs = Date.now();
    const document = compose(await gather(liveSource(ask), { template: loadTemplate(), month, nowMs }), "en");
    expect(document.notices).toContainEqual(
      expect.stringMatching(/^Of 4 exporters of the month before, 2 sent nothing/),
    );
    const text = JSON.stringify(document.sections[0]);
    for (const exporter of ["192.0.2.3", "192.0.2.4"])
      expect(text).toContain(`(${exporter}): sent flows the month before`);
  } finally {
    await stop();
    await close();
  }
}, 240_000);

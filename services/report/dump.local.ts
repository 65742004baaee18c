import { openTestStore } from "../query/province.test-data.ts";
import { askStore } from "./asked.test-data.ts";
import { compose, gather, loadTemplate, monthOf, render } from "./index.ts";
import { insertYear, MONTH } from "./province.test-data.ts";

const { store, close } = await openTestStore();
const t0 = Date.now();
await insertYear(store);
console.log("inserted", Date.now() - t0);
const { ask, paths, stop } = askStore(store);
const nowMs = Date.now();
const t1 = Date.now();
const gathered = await gather(ask, { template: loadTemplate(), month: monthOf(MONTH, nowMs), snapshot: null, nowMs });
console.log("gathered", Date.now() - t1, paths.length);
console.log(gathered.answers.unanswered());
const { writeFileSync: w } = await import("node:fs");
for (const lang of ["zh", "en"] as const) {
  const t2 = Date.now();
  const document = compose(gathered, lang);
  console.log("composed", lang, Date.now() - t2);
  for (const format of (process.argv[2] ?? "json,csv,html").split(",")) {
    const t3 = Date.now();
    const bytes = await render(document, format as never);
    w(`/tmp/h-rept/out/report-${lang}.${format}`, bytes);
    console.log(format, bytes.length, Date.now() - t3);
  }
}
await stop();
await close();

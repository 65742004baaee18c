import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitiesOf, KeyRing } from "@v6meter/identity";
import { REPORT_FORMAT_NAMES, REPORT_FORMATS, reportDocument } from "@v6meter/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEY, openTestStore, testService } from "../query/province.test-data.ts";
import { insertYear, MONTH, REGISTRY } from "./province.test-data.ts";

let store: Awaited<ReturnType<typeof openTestStore>>;
let service: ReturnType<typeof testService>;
let regulator: string;
const folder = mkdtempSync(join(tmpdir(), "v6meter-report-keys-"));

beforeAll(async () => {
  store = await openTestStore();
  await insertYear(store.store);
  const keys = new KeyRing(folder);
  ({ key: regulator } = await keys.create({ name: "office", role: "regulator", raw: false, days: 9, operator: null }));
  const identities = identitiesOf({ adminKey: KEY, keys });
  service = testService(store.store, { named: () => REGISTRY, identities });
}, 240_000);
afterAll(async () => {
  await service.stop();
  await store.close();
  rmSync(folder, { recursive: true });
});

const ask = (file: string, key = regulator) =>
  service.app.inject({ url: `/api/v1/reports/monthly/${file}`, headers: { authorization: `Bearer ${key}` } });

test.each(REPORT_FORMAT_NAMES)(
  "a regulator is given the report of a month as %s",
  async (format) => {
    const answer = await ask(`${MONTH}.${format}?lang=en`);
    expect(answer.statusCode, answer.body.slice(0, 300)).toBe(200);
    expect(answer.headers["content-type"]).toBe(REPORT_FORMATS[format]);
    expect(answer.headers["content-disposition"]).toBe(`attachment; filename="v6meter-${MONTH}-en.${format}"`);
    const begin = {
      html: "<!do",
      docx: "PK\x03\x04",
      xlsx: "PK\x03\x04",
      pdf: "%PDF",
      csv: "\ufeffsec",
      json: '{\n "',
    };
    const bytes = answer.rawPayload;
    expect(bytes.subarray(0, Buffer.byteLength(begin[format])).toString()).toBe(begin[format]);
  },
  240_000,
);

test("the JSON is the document, in Chinese where nothing else is asked for", async () => {
  const document = reportDocument.parse((await ask(`${MONTH}.json`)).json());
  expect(document.lang).toBe("zh");
  expect(document.headlines[0]?.cell.value).toBeGreaterThan(0.4);
}, 240_000);

test("a month without a snapshot is not published, which the answer says", async () => {
  const publish = (key: string) =>
    service.app.inject({
      method: "POST",
      url: `/api/v1/reports/monthly/${MONTH}/publish`,
      headers: { authorization: `Bearer ${key}` },
    });
  const answer = await publish(regulator);
  expect(answer.statusCode).toBe(404);
  expect(answer.json().detail).toBe(`${MONTH} has no snapshot; allowed: a month whose figures are frozen.`);
  expect((await publish(KEY)).statusCode).toBe(403);
});

test.each([
  { says: "a format nobody writes", file: `${MONTH}.odt`, status: 400, allowed: /2026-10\.docx/ },
  { says: "a language nobody writes", file: `${MONTH}.pdf?lang=fr`, status: 400, allowed: /zh, en/ },
  { says: "a month that has not begun", file: "2099-01.pdf", status: 400, allowed: /has not begun; allowed is/ },
])("$says is refused with what is allowed", async ({ file, status, allowed }) => {
  const answer = await ask(file);
  expect(answer.statusCode).toBe(status);
  expect(answer.body).toMatch(allowed);
});

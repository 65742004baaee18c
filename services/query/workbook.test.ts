import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitiesOf, KeyRing } from "@v6meter/identity";
import { api, WORKBOOK_MAX_BYTES } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { strToU8, type Zippable, zipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillByOpenpyxl, installedOpenpyxl, readByOpenpyxl } from "./openpyxl.test-data.ts";
import { KEY, openTestStore, testService } from "./province.test-data.ts";

const openpyxl = installedOpenpyxl();
let folder: string;
let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;
let key: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-workbooks-"));
  const keys = new KeyRing(folder);
  ({ key } = await keys.create({ name: "telecom", role: "operator", raw: false, days: 9, operator: "telecom" }));
  ({ store, close } = await openTestStore());
  service = testService(store, {
    identities: identitiesOf({ adminKey: KEY, keys }),
    named: () => ({
      regions: [
        { code: "210000", zh: "省本级", en: "Liaoning" },
        { code: "210100", zh: "沈阳", en: "Shenyang" },
        { code: "210200", zh: "大连", en: "Dalian" },
      ],
      operators: [
        { id: "telecom", zh: "中国电信", en: "China Telecom" },
        { id: "unicom", zh: "中国联通", en: "China Unicom" },
      ],
    }),
  });
});
afterAll(async () => {
  await service.stop();
  await close();
  rmSync(folder, { recursive: true });
});

const template = (series: string, accept: string) =>
  service.app.inject({
    url: `/api/v1/submissions/templates/${series}`,
    headers: { authorization: `Bearer ${key}`, accept },
  });
const handIn = (query: string, payload: string | Buffer, type: string) =>
  service.app.inject({
    method: "POST",
    url: `/api/v1/submissions?${query}`,
    headers: { authorization: `Bearer ${key}`, "content-type": type },
    payload,
  });

test.runIf(openpyxl)(
  "the template as another program reads it: columns, rows asked for, lists, limits, words",
  async () => {
    const answer = await template("home_router_share", api.XLSX_TYPE);
    expect(answer.headers).toMatchObject({
      "content-type": api.XLSX_TYPE,
      "content-disposition": 'attachment; filename="home_router_share.xlsx"',
    });
    const path = join(folder, "template.xlsx");
    writeFileSync(path, answer.rawPayload);
    const { sheets, validations } = readByOpenpyxl(openpyxl as string, path);
    expect(Object.keys(sheets)).toEqual(["figures", "notes", "words"]);
    expect(sheets.figures).toEqual([
      ["region", "operator", "numerator", "denominator"],
      ["210100", "telecom", null, null],
      ["210200", "telecom", null, null],
    ]);
    expect(sheets.notes?.flat().join("\n")).toContain("Definition: ");
    expect(sheets.words?.slice(0, 3)).toEqual([
      ["region", null, "operator", null],
      ["210000", "省本级 Liaoning", "telecom", "中国电信 China Telecom"],
      ["210100", "沈阳 Shenyang", null, null],
    ]);
    expect(validations.map(({ type, operator, formula, cells }) => [type, operator, formula, cells])).toEqual([
      ["list", null, "words!$A$2:$A$4", "A2:A5001"],
      ["list", null, "words!$C$2:$C$2", "B2:B5001"],
      ["decimal", "greaterThanOrEqual", "0", "C2:C5001"],
      ["decimal", "greaterThan", "0", "D2:D5001"],
    ]);
    for (const { prompt } of validations) expect(prompt).toMatch(/; [A-Z]/);
  },
);

test.runIf(openpyxl)("a template that another program has filled in is handed in as it stands", async () => {
  const [empty, filled] = [join(folder, "empty.xlsx"), join(folder, "filled.xlsx")];
  writeFileSync(empty, (await template("home_router_share", api.XLSX_TYPE)).rawPayload);
  const cells = { C2: 0.1, D2: 0.3, C3: 17.65, D3: 40, A5: "# 备注", A6: 210_000, B6: "telecom", C6: 3, D6: "4" };
  fillByOpenpyxl(openpyxl as string, empty, filled, cells);
  const answer = await handIn(
    "series=home_router_share&month=2025-02&state=submitted",
    readFileSync(filled),
    api.XLSX_TYPE,
  );
  expect(answer.statusCode, answer.body).toBe(201);
  const { state, messages, versions } = answer.json() as api.Submission;
  expect(messages).toEqual([]);
  expect(state).toBe("submitted");
  expect(versions[0]?.rows).toEqual([
    { row: 2, cells: { region: "210100", operator: "telecom", numerator: "0.1", denominator: "0.3" } },
    { row: 3, cells: { region: "210200", operator: "telecom", numerator: "17.65", denominator: "40" } },
    { row: 6, cells: { region: "210000", operator: "telecom", numerator: "3", denominator: "4" } },
  ]);
});

test("the template as CSV comes back filled in, in UTF-8 and in GBK", async () => {
  const answer = await template("industrial_node_share", "text/csv");
  expect(answer.body).toMatch(/^\uFEFF# industrial_node_share/);
  const [header] = answer.body.split("\r\n").filter((line) => line !== "" && !/^\uFEFF?"?#/.test(line));
  expect(header).toBe("region,object,industry,numerator,denominator");
  const industry = "冶金";
  const text = `${answer.body.split(header as string)[0]}region,industry,numerator,denominator\r\n210100,${industry},1,2\r\n210200,${industry},1,2\r\n`;
  const gbk = Buffer.concat(
    text
      .split("\r\n")
      .filter((line) => /^(region|21)/.test(line))
      .flatMap((line) => [Buffer.from(line.replace(industry, "\xd2\xb1\xbd\xf0"), "latin1"), Buffer.from("\r\n")]),
  );
  for (const [month, payload, type] of [
    ["2025-03", text, "text/csv"],
    ["2025-04", gbk, "text/csv; charset=GBK"],
  ] as const) {
    const { statusCode, body } = await handIn(`series=industrial_node_share&month=${month}`, payload, type);
    expect(statusCode, body).toBe(201);
    const { errors, warnings, versions } = JSON.parse(body) as api.Submission;
    expect([errors, warnings], body).toEqual([0, 0]);
    expect(versions[0]?.rows.map(({ cells }) => cells.industry)).toEqual([industry, industry]);
  }
});

/** A workbook with this XML as its only sheet. */
function workbook(sheet: string | Uint8Array): Buffer {
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const files: Zippable = {
    "[Content_Types].xml": strToU8('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'),
    "xl/workbook.xml": strToU8(
      `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ),
    "xl/_rels/workbook.xml.rels": strToU8(
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    ),
    "xl/worksheets/sheet1.xml": typeof sheet === "string" ? strToU8(sheet) : sheet,
  };
  return Buffer.from(zipSync(files, { level: 9 }));
}
const sheet = (rows: string) => `<worksheet><sheetData>${rows}</sheetData></worksheet>`;
const cell = (place: string) => `<c r="${place}" t="inlineStr"><is><t>x</t></is></c>`;

/** The bomb with sizes in its directory that promise little. */
function lying(bytes: Buffer): Buffer {
  const bomb = Buffer.from(bytes);
  for (let at = bomb.indexOf("PK\x01\x02", 0, "latin1"); at >= 0; at = bomb.indexOf("PK\x01\x02", at + 1, "latin1"))
    bomb.writeUInt32LE(Math.min(1_000, bomb.readUInt32LE(at + 24)), at + 24);
  return bomb;
}

const BOMB = () => workbook(new Uint8Array(2 * WORKBOOK_MAX_BYTES).fill(32));
test.each([
  { says: "that inflates to 32 MiB", file: BOMB, told: /inflates to \d{8} bytes/ },
  { says: "that hides how much it inflates to", file: () => lying(BOMB()), told: /^The workbook / },
  {
    says: "with a row far down",
    file: () => workbook(sheet(`<row r="900000000">${cell("A900000000")}</row>`)),
    told: /(MB|s) to read/,
  },
  {
    says: "with more columns than any template",
    file: () => workbook(sheet(`<row r="1">${cell("XFD1")}</row>`)),
    told: /16384 columns/,
  },
  { says: "that is none", file: () => Buffer.from("PK no zip"), told: /cannot be read/ },
  { says: "without a cell", file: () => workbook(sheet("")), told: /^The file is empty/ },
])("a workbook $says is refused, and the next one read", async ({ file, told }) => {
  const answer = await handIn("series=stb_share&month=2025-02", file(), api.XLSX_TYPE);
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ code: "QUERY_INVALID", detail: expect.stringMatching(told) });
  const next = await handIn(
    "series=stb_share&month=2025-02",
    workbook(sheet(`<row r="1">${cell("A1")}</row>`)),
    api.XLSX_TYPE,
  );
  expect(next.statusCode).toBe(201);
});

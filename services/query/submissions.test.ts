import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitiesOf, KeyRing } from "@v6meter/identity";
import { type api, ROUTE_ACCESS, type Role, SUBMISSION_CHANGES } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { audited, KEY, openTestStore, testService } from "./province.test-data.ts";

const WORDS: api.Registry = {
  regions: ["210000", "210100", "210200"].map((code) => ({ code, zh: code, en: code })),
  operators: ["telecom", "unicom"].map((id) => ({ id, zh: id, en: id })),
};

let folder: string;
let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;
/** The same API in another process, over the same store. */
let other: ReturnType<typeof testService>;
const keyOf = new Map<string, string>([["admin", KEY]]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-submissions-"));
  const keys = new KeyRing(folder);
  const make = async (name: string, role: Role, operator: string | null = null) => {
    keyOf.set(name, (await keys.create({ name, role, raw: false, days: 9, operator })).key);
  };
  for (const unit of ["telecom", "unicom", "office"]) await make(unit, "operator", unit);
  for (const role of ["regulator", "analyst", "public"] as const) await make(role, role);
  ({ store, close } = await openTestStore());
  const identities = identitiesOf({ adminKey: KEY, keys });
  service = testService(store, { identities, named: () => WORDS });
  other = testService(store, { identities, named: () => WORDS });
});
afterAll(async () => {
  await service.stop();
  await other.stop();
  await close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  audited.length = 0;
});

async function send(
  who: string,
  method: "GET" | "POST",
  url: string,
  { body, type, accept, by = service }: { body?: unknown; type?: string; accept?: string; by?: typeof service } = {},
) {
  const answer = await by.app.inject({
    method,
    url: `/api/v1/submissions${url}`,
    headers: {
      authorization: `Bearer ${keyOf.get(who)}`,
      ...(type && { "content-type": type }),
      ...(accept && { accept }),
    },
    ...(body !== undefined && { payload: body as object }),
  });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, raw: answer.rawPayload };
}
const json = <T>({ text }: { text: string }) => JSON.parse(text) as T;

/** Figures of telecom's routers in both cities, as JSON. */
const routers = (shenyang: number, dalian: number) => ({
  rows: [
    { region: "210100", operator: "telecom", numerator: shenyang, denominator: 1_000 },
    { region: "210200", operator: "telecom", numerator: dalian, denominator: 1_000 },
  ],
});

async function handIn(who: string, query: string, body: unknown, type?: string) {
  const answer = await send(who, "POST", `?${query}`, { body, ...(type && { type }) });
  expect(answer.status, answer.text).toBe(201);
  return json<api.Submission>(answer);
}
async function decided(who: string, id: string, change: string, body: object) {
  const answer = await send(who, "POST", `/${id}/${change}`, { body });
  expect(answer.status, answer.text).toBe(200);
  return json<api.Submission>(answer);
}
async function figure(series: string, month: string, by = "") {
  const { body } = await service.app.inject({
    url: `/api/v1/indicators/${series}?month=${month}&interval=1mo${by}`,
    headers: { authorization: `Bearer ${KEY}` },
  });
  return (JSON.parse(body) as api.IndicatorFigures).total;
}
const found = ({ messages }: api.Submission) => messages.map(({ row, column, code }) => [row, column, code]);

describe("from a draft to figures in force", () => {
  const ID = "2025-03.home_router_share.telecom";
  const QUERY = "series=home_router_share&month=2025-03";

  test("a draft becomes submitted and accepted, and is the indicator's figure at once, in every process", async () => {
    expect((await figure("home_router_share", "2025-03")).value).toBeNull();
    const draft = await handIn("telecom", QUERY, routers(300, 500));
    expect(draft).toMatchObject({ id: ID, version: 1, state: "draft", unit: "telecom", errors: 0, warnings: 0 });
    expect(await decided("telecom", ID, "submit", { version: 1 })).toMatchObject({ state: "submitted" });
    expect((await figure("home_router_share", "2025-03")).value).toBeNull();
    expect(await decided("regulator", ID, "accept", { version: 1 })).toMatchObject({
      state: "accepted",
      by: "regulator",
      role: "regulator",
    });
    expect(await figure("home_router_share", "2025-03")).toMatchObject({ value: 0.4, numerator: "800" });
    const elsewhere = await other.app.inject({
      url: "/api/v1/indicators/home_router_share?month=2025-03&region=210200",
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(elsewhere.json().total.value).toBe(0.5);
    expect(audited.map(({ action, outcome, actor }) => `${actor.name} ${action} ${outcome}`)).toEqual(
      ["telecom submission.hand_in", "telecom submission.submit", "regulator submission.accept"].flatMap((it) => [
        `${it} started`,
        `${it} done`,
      ]),
    );
  });

  test("what is submitted cannot be changed, and what is accepted not decided again", async () => {
    const again = await send("regulator", "POST", `/${ID}/return`, { body: { version: 1, reason: "late" } });
    expect([again.status, json<api.Problem>(again).code]).toEqual([409, "SUBMISSION_CONFLICT"]);
  });

  test("a new version of an accepted month is a restatement, and in force once it is accepted", async () => {
    const restated = await handIn("telecom", `${QUERY}&state=submitted`, routers(300, 600));
    expect(restated).toMatchObject({ version: 2, state: "submitted" });
    const late = await send("telecom", "POST", `?${QUERY}`, { body: routers(1, 1) });
    expect(late.status).toBe(409);
    expect((await figure("home_router_share", "2025-03")).value).toBe(0.4);
    const accepted = await decided("regulator", ID, "accept", { version: 2 });
    expect(accepted.versions.map(({ version, state }) => [version, state])).toEqual([
      [2, "accepted"],
      [1, "accepted"],
    ]);
    expect(accepted.versions[0]?.restatement).toEqual([
      { region: "210200", operator: "telecom", previous: 0.5, value: 0.6, difference: 0.1 },
    ]);
    expect(accepted.versions[1]?.restatement).toBeNull();
    expect((await figure("home_router_share", "2025-03")).value).toBe(0.45);
    expect(accepted.versions[1]?.rows[1]?.cells.numerator).toBe("500");
  });

  test("a returned version says why, and the one in force stays so", async () => {
    await handIn("telecom", `${QUERY}&state=submitted`, routers(300, 700));
    const empty = await send("regulator", "POST", `/${ID}/return`, { body: { version: 3, reason: " " } });
    expect(empty.status).toBe(400);
    const returned = await decided("regulator", ID, "return", { version: 3, reason: "大连数据有误" });
    expect(returned).toMatchObject({ state: "returned", reason: "大连数据有误", version: 3 });
    expect((await figure("home_router_share", "2025-03")).value).toBe(0.45);
    const mended = await handIn("telecom", QUERY, routers(300, 610));
    expect(mended).toMatchObject({ version: 4, state: "draft", reason: null });
  });
});

describe("two who decide at once", () => {
  test.each(["one process", "two processes"])("in %s: one wins, the other is told, nothing is lost", async (where) => {
    const month = where === "one process" ? "2025-04" : "2025-05";
    const id = `${month}.stb_share.telecom`;
    await handIn("telecom", `series=stb_share&month=${month}&state=submitted`, routers(300, 500));
    const answers = await Promise.all([
      send("regulator", "POST", `/${id}/accept`, { body: { version: 1 } }),
      send("admin", "POST", `/${id}/return`, {
        body: { version: 1, reason: "no" },
        by: where === "one process" ? service : other,
      }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const { versions } = json<api.Submission>(await send("regulator", "GET", `/${id}`));
    const [winner] = answers.filter(({ status }) => status === 200);
    const { state } = json<api.Submission>(winner as (typeof answers)[number]);
    expect(versions[0]?.changes.map((it) => it.state)).toEqual(["draft", "submitted", state]);
  });

  test("a decision about a version that is no longer the newest is refused", async () => {
    const id = "2025-06.stb_share.telecom";
    await handIn("telecom", "series=stb_share&month=2025-06", routers(1, 2));
    await handIn("telecom", "series=stb_share&month=2025-06&state=submitted", routers(3, 4));
    const old = await send("regulator", "POST", `/${id}/accept`, { body: { version: 1 } });
    expect([old.status, json<api.Problem>(old).detail]).toEqual([
      409,
      `${id}: found version 1; allowed is 2, the newest.`,
    ]);
  });
});

describe("what is checked", () => {
  const QUERY = "series=home_router_share&month=2024-02&state=submitted";
  const HEADER = "region,operator,numerator,denominator";
  const csv = (...rows: string[]) => [HEADER, ...rows].join("\n");
  const GOOD = ["210100,telecom,1,2", "210200,telecom,1,2"];

  test.each([
    {
      says: "a word that is no number",
      rows: ["210100,telecom,x,2", GOOD[1]],
      found: [[2, "numerator", "number_invalid"]],
    },
    { says: "an empty figure", rows: ["210100,telecom,,2", GOOD[1]], found: [[2, "numerator", "cell_missing"]] },
    { says: "an unknown region", rows: [...GOOD, "999999,telecom,1,2"], found: [[4, "region", "word_unknown"]] },
    {
      says: "another operator",
      rows: [GOOD[0], "210200,unicom,1,2"],
      found: [
        [3, "operator", "operator_foreign"],
        [null, null, "combination_missing"],
      ],
    },
    { says: "the same words twice", rows: [...GOOD, "210100,telecom,1,3"], found: [[4, null, "duplicate"]] },
    { says: "a share above 1", rows: ["210100,telecom,3,2", GOOD[1]], found: [[2, "numerator", "out_of_range"]] },
    {
      says: "a cell beyond the header",
      rows: ["210100,telecom,1,234,500", GOOD[1]],
      found: [[2, "column 5", "column_unknown"]],
    },
    {
      says: "nothing under the line",
      rows: ["210100,telecom,0,0", GOOD[1]],
      found: [[2, "denominator", "out_of_range"]],
    },
    { says: "a figure below 0", rows: ["210100,telecom,-1,2", GOOD[1]], found: [[2, "numerator", "out_of_range"]] },
    {
      says: "a region named in one row only",
      rows: [GOOD[0], GOOD[1], ",telecom,1,2"],
      found: [[4, "region", "cell_missing"]],
    },
    { says: "no rows", rows: [], found: [[null, null, "rows_missing"]] },
  ])("$says keeps it a draft, with the cell", async ({ rows, found: expected }) => {
    const draft = await handIn("telecom", `${QUERY}&confirm=true`, csv(...(rows as string[])), "text/csv");
    expect(draft.state).toBe("draft");
    expect(found(draft)).toEqual(expected);
    const refused = await send("telecom", "POST", `/${draft.id}/submit`, {
      body: { version: draft.version, confirm: true },
    });
    expect([refused.status, json<api.Problem>(refused).code]).toEqual([422, "SUBMISSION_INVALID"]);
    for (const { zh, en } of draft.messages) expect(`${zh}${en}`).not.toMatch(/[{}]/);
  });

  test.each([
    {
      says: "an unknown column",
      text: `${HEADER},total\n${GOOD[0]},3\n${GOOD[1]},3`,
      code: "column_unknown",
      column: "total",
    },
    {
      says: "a missing column",
      text: "region,operator,numerator\n210100,telecom,1\n210200,telecom,1",
      code: "column_missing",
      column: "denominator",
    },
    {
      says: "a column given twice",
      text: `${HEADER},region\n${GOOD[0]},\n${GOOD[1]},`,
      code: "column_unknown",
      column: "region",
    },
  ])("$says is told of the header", async ({ text, code, column }) => {
    const { messages } = await handIn("telecom", QUERY, text, "text/csv");
    expect(messages[0]).toMatchObject({ row: 1, column, code, severity: "error" });
    const [{ id, version }] = json<api.Submissions>(await send("telecom", "GET", "?month=2024-02")).submissions as [
      api.SubmissionSummary,
    ];
    const refused = await send("telecom", "POST", `/${id}/submit`, { body: { version, confirm: true } });
    expect(refused.status).toBe(422);
  });

  test("things are counted in whole numbers", async () => {
    const draft = await handIn("telecom", "series=iot_connections&month=2024-02", {
      rows: [
        { region: "210100", operator: "telecom", value: 1.5 },
        { region: "210200", operator: "telecom", value: 2 },
      ],
    });
    expect(found(draft)).toEqual([[1, "value", "not_whole"]]);
  });

  test("a jump since last month's accepted figure, and a city that is missing, are to be confirmed", async () => {
    const series = "series=home_gateway_share";
    const first = await handIn("telecom", `${series}&month=2024-05&state=submitted`, routers(300, 500));
    await decided("regulator", first.id, "accept", { version: 1 });
    const jumped = { rows: [{ region: "210100", operator: "telecom", numerator: 451, denominator: 1_000 }] };
    const held = await handIn("telecom", `${series}&month=2024-06&state=submitted`, jumped);
    expect(held).toMatchObject({ state: "draft", errors: 0, warnings: 2, confirmed: false });
    expect(found(held)).toEqual([
      [1, "numerator", "jump"],
      [null, null, "combination_missing"],
    ]);
    expect(held.messages[0]?.en).toContain("0.451 and was 0.3");
    const refused = await send("telecom", "POST", `/${held.id}/submit`, { body: { version: 1 } });
    expect(refused.status).toBe(422);
    const confirmed = await decided("telecom", held.id, "submit", { version: 1, confirm: true });
    expect(confirmed).toMatchObject({ state: "submitted", confirmed: true, warnings: 2 });
    // Half as much again is no jump.
    await decided("regulator", held.id, "return", { version: 1, reason: "x" });
    expect(await handIn("telecom", `${series}&month=2024-06`, routers(450, 250))).toMatchObject({ warnings: 0 });
  });

  test("a month to come, a series nobody reports and a body of another kind are refused", async () => {
    const ask = async (query: string, body: unknown, type?: string) =>
      json<api.Problem>(await send("telecom", "POST", `?${query}`, { body, ...(type && { type }) }));
    expect((await ask("series=home_router_share&month=2099-01", routers(1, 1))).detail).toContain(
      "month: found 2099-01",
    );
    expect((await ask("series=traffic_share&month=2024-01", routers(1, 1))).detail).toContain("home_router_share");
    expect(await ask("series=stb_share&month=2024-01", "x", "text/plain")).toMatchObject({ status: 415 });
    expect((await ask("series=stb_share&month=2024-01", { rows: [], more: 1 })).errors?.[0]?.allowed).toContain("rows");
    const many = `value\n${"1\n".repeat(5_001)}`;
    expect((await ask("series=stb_share&month=2024-01", many, "text/csv")).detail).toContain("5001 rows");
    expect((await ask("series=stb_share&month=2024-01", Buffer.from([0xb5, 0xe7]), "text/csv")).detail).toContain(
      "charset=gbk",
    );
  });
});

describe("a submitted figure and one of a file", () => {
  test("of the same words: the submitted one is in force; others of the file stay", async () => {
    // Built in: 834 million active users were published for 2025-06.
    expect((await figure("active_users", "2025-06")).value).toBe(834_000_000);
    const draft = await handIn("admin", "series=active_users&month=2025-06&unit=miit&state=submitted&confirm=true", {
      rows: [{ value: "835000000" }],
    });
    expect(draft.state).toBe("submitted");
    await decided("regulator", draft.id, "accept", { version: 1 });
    expect((await figure("active_users", "2025-06")).value).toBe(835_000_000);
    expect((await figure("active_users", "2025-10")).value).toBe(865_000_000);
  });
});

describe("who may", () => {
  const ID = "2023-01.stb_share.telecom";
  beforeAll(async () => {
    await handIn("telecom", "series=stb_share&month=2023-01", routers(1, 2));
    await handIn("unicom", "series=stb_share&month=2023-01", {
      rows: [{ region: "210100", operator: "unicom", numerator: "777", denominator: "1000" }],
    });
  });

  test("the routes of changes answer whom the table of changes names", () => {
    for (const change of ["submit", "accept", "return"] as const)
      expect(ROUTE_ACCESS[`POST /api/v1/submissions/:id/${change}`]).toEqual(SUBMISSION_CHANGES[change].roles);
  });

  test("a unit sees and changes its own, whatever it names", async () => {
    const list = json<api.Submissions>(await send("telecom", "GET", "?month=2023-01"));
    expect(list.submissions.map(({ unit }) => unit)).toEqual(["telecom"]);
    for (const [method, url, body] of [
      ["GET", "?unit=unicom", undefined],
      ["GET", "/2023-01.stb_share.unicom", undefined],
      ["GET", "/2023-01.stb_share.nobody", undefined],
      ["GET", "/templates/stb_share?unit=unicom", undefined],
      ["POST", "?series=stb_share&month=2023-01&unit=unicom", routers(1, 2)],
      ["POST", "/2023-01.stb_share.unicom/submit", { version: 1 }],
      ["POST", `/${ID}/accept`, { version: 1 }],
      ["POST", `/${ID}/return`, { version: 1, reason: "x" }],
    ] as const) {
      const answer = await send("telecom", method, url, { body });
      expect(answer.status, url).toBe(403);
      expect(answer.text).not.toContain("777");
    }
  });

  test("a regulator hands nothing in, an analyst sees what is accepted, the public nothing", async () => {
    expect(
      (await send("regulator", "POST", "?series=stb_share&month=2023-01&unit=telecom", { body: routers(1, 2) })).status,
    ).toBe(403);
    expect((await send("analyst", "GET", `/${ID}`)).status).toBe(404);
    expect((await send("public", "GET", "")).status).toBe(403);
    await decided("telecom", ID, "submit", { version: 1, confirm: true });
    await decided("regulator", ID, "accept", { version: 1 });
    await handIn("telecom", "series=stb_share&month=2023-01", routers(1, 3));
    const seen = json<api.Submission>(await send("analyst", "GET", `/${ID}`));
    expect([seen.version, seen.versions.length, seen.state]).toEqual([1, 1, "accepted"]);
    const listed = json<api.Submissions>(await send("analyst", "GET", "?month=2023-01"));
    expect(listed.submissions.map(({ unit, state, version }) => [unit, state, version])).toEqual([
      ["telecom", "accepted", 1],
    ]);
    const all = json<api.Submissions>(await send("regulator", "GET", "?month=2023-01&state=draft"));
    expect(all.submissions.map(({ unit }) => unit)).toEqual(["telecom", "unicom"]);
  });
});

test("pages follow one another by cursor, without a gap and without a repeat", async () => {
  const whole = json<api.Submissions>(await send("admin", "GET", "?limit=200"));
  expect(whole.next).toBeNull();
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: api.Submissions = json(await send("admin", "GET", `?limit=3${more}`));
    ids.push(...page.submissions.map(({ id }) => id));
    cursor = page.next;
  }
  expect(ids.length).toBeGreaterThan(6);
  expect(ids).toEqual(whole.submissions.map(({ id }) => id));
  expect((await send("admin", "GET", "?cursor=x")).status).toBe(400);
  expect((await send("admin", "GET", "?limit=201")).status).toBe(400);
});

test("the submissions about an object are those whose newest version has a row of it", async () => {
  const figures = (...objects: string[]) => ({
    rows: objects.map((object) => ({ object, industry: "互联网", region: "210100", numerator: "1", denominator: "2" })),
  });
  const about = async (who: string, query: string) =>
    json<api.Submissions>(await send(who, "GET", `?${query}`)).submissions.map(({ id, version }) => [id, version]);
  const query = (unit: string) => `series=app_concentration&month=2022-07&unit=${unit}`;
  await handIn("admin", query("telecom"), figures("video_site", "game_hall"));
  await handIn("admin", query("unicom"), figures("game_hall"));
  const [telecom, unicom] = ["telecom", "unicom"].map((unit) => [`2022-07.app_concentration.${unit}`, 1]);
  expect(await about("admin", "object=game_hall")).toEqual([telecom, unicom]);
  expect(await about("admin", "object=video_site")).toEqual([telecom]);
  expect(await about("unicom", "object=video_site&object=game_hall")).toEqual([unicom]);
  expect(await about("admin", "object=game_hall&limit=1")).toEqual([telecom]);
  await handIn("admin", query("telecom"), figures("game_hall"));
  expect(await about("admin", "object=video_site")).toEqual([]);
  expect((await send("admin", "GET", "?object=Kein Objekt")).status).toBe(400);
});

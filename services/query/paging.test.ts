import type { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { insertFlows, KEY, openTestStore, testService } from "./province.test-data.ts";
import { standardQuestions } from "./snapshots/standard-questions.ts";

const REGIONS = ["210100", "210200", "210300", "210400", "210500"];
const MONTH = "2026-05";
const URL_OF_ALL = `/api/v1/indicators/traffic_share?month=${MONTH}&by=region`;

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;

const at = `${MONTH}-01T08:00:00+08:00`;
const flows = (bytes: number) => REGIONS.map((region, i) => ({ at, region, bytes: bytes + i, family: 4 }) as const);

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  service = testService(store, {
    questionsOf: (known, month) =>
      standardQuestions(known, month).filter(({ path }) => path.includes("/traffic_share?by=region&month")),
  });
  await insertFlows(store, flows(100));
});
afterAll(async () => {
  await service.stop();
  await close();
});

const ask = (url: string, headers: Record<string, string> = {}) =>
  service.app.inject({ url, headers: { authorization: `Bearer ${KEY}`, ...headers } });

async function figures(url: string): Promise<api.IndicatorFigures> {
  const answer = await ask(url);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
}

const linked = (answer: Awaited<ReturnType<typeof ask>>) =>
  /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ""))?.[1];

test("the pages of a question are its rows, each once and in order; every page tells the total of all", async () => {
  const whole = await figures(URL_OF_ALL);
  expect(whole).not.toHaveProperty("next");
  expect(whole.rows.map(({ region }) => region)).toEqual(REGIONS);
  const pages = [await figures(`${URL_OF_ALL}&limit=2`)];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next)
    pages.push(await figures(`${URL_OF_ALL}&page=${next}`));
  expect(pages.map(({ rows }) => rows.length)).toEqual([2, 2, 1]);
  expect(pages.at(-1)?.next).toBeNull();
  expect(pages.flatMap(({ rows }) => rows)).toEqual(whole.rows);
  for (const { total } of pages) expect(total).toEqual(whole.total);
});

test("a page that ends with the last row leads nowhere", async () => {
  const answer = await ask(`${URL_OF_ALL}&limit=5`);
  expect(answer.json().next).toBeNull();
  expect(answer.headers.link).toBeUndefined();
});

test.each(["text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"])(
  "the Link of %s leads through the pages",
  async (accept) => {
    let regions = 0;
    const spaced =
      "/api/v1/indicators/traffic_share?from=2026-05-01T00:00:00+08:00&to=2026-05-02T00:00:00%2B08:00&by=region";
    const types = [];
    for (let url: string | undefined = `${spaced}&limit=2`; url; ) {
      const answer = await ask(url, { accept });
      expect(answer.statusCode, answer.body).toBe(200);
      types.push(answer.headers["content-type"]?.toString().split(";")[0]);
      regions += REGIONS.filter((region) => answer.rawPayload.includes(region)).length;
      url = linked(answer);
    }
    expect(types).toEqual([accept, accept, accept]);
    expect(regions).toBe(REGIONS.length);
  },
);

describe("refused with a sentence:", () => {
  test.each([
    { says: "a page of another question", url: `${URL_OF_ALL}&region=210100`, detail: /page: found a page of another/ },
    {
      says: "a page of another indicator",
      url: URL_OF_ALL.replace("share", "volume"),
      detail: /page: found a page of/,
    },
    {
      says: "a page of another snapshot",
      url: `${URL_OF_ALL}&snapshot=2026-05-v7`,
      detail: /snapshot: found 2026-05-v7/,
    },
  ])("$says", async ({ url, detail }) => {
    const { next } = await figures(`${URL_OF_ALL}&limit=2`);
    const answer = await ask(`${url}&page=${next}`);
    expect([answer.statusCode, answer.json().detail]).toEqual([400, expect.stringMatching(detail)]);
  });

  test.each([
    { query: "page=nonsense", detail: /page: found what is no page; allowed: next/ },
    { query: "limit=0", detail: /a whole number from 1 to 10000/ },
    { query: "limit=10001", detail: /a whole number from 1 to 10000/ },
    { query: "limit=two", detail: /a whole number from 1 to 10000/ },
  ])("$query", async ({ query, detail }) => {
    const answer = await ask(`${URL_OF_ALL}&${query}`);
    expect([answer.statusCode, answer.json().detail]).toEqual([400, expect.stringMatching(detail)]);
  });
});

test("pages of a frozen month stay with the snapshot of the first, whatever is restated between them", async () => {
  const live = (await figures(`${URL_OF_ALL}&limit=2`)).next;
  const take = async (id: string) => {
    const headers = { authorization: `Bearer ${KEY}` };
    await service.app.inject({ method: "POST", url: "/api/v1/snapshots", headers, payload: { month: MONTH } });
    await vi.waitFor(async () => expect((await ask(`/api/v1/snapshots/${id}`)).json().state).toBe("taken"), {
      timeout: 60_000,
      interval: 50,
    });
  };
  await take(`${MONTH}-v1`);
  const whole = await figures(URL_OF_ALL);
  const first = await ask(`${URL_OF_ALL}&limit=3`);
  expect(first.headers["v6meter-snapshot"]).toBe(`${MONTH}-v1`);
  await insertFlows(store, flows(7_000));
  await take(`${MONTH}-v2`);
  expect((await ask(URL_OF_ALL)).headers["v6meter-snapshot"]).toBe(`${MONTH}-v2`);

  const second = await ask(linked(first) as string);
  expect(second.headers["v6meter-snapshot"]).toBe(`${MONTH}-v1`);
  expect([...first.json().rows, ...second.json().rows]).toEqual(whole.rows);
  expect(second.json()).toMatchObject({ next: null, total: whole.total, snapshot: { version: 1 } });
  // What began before the month was frozen goes on as it was computed.
  const goesOn = await ask(`${URL_OF_ALL}&page=${live}`);
  expect([goesOn.headers["v6meter-snapshot"], goesOn.json().snapshot]).toEqual([undefined, null]);
}, 120_000);

import { Fault } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { monthIn, sourceOf } from "./frozen.ts";
import { monthOf } from "./month.ts";
import { questions } from "./questions.ts";

const month = monthOf("2026-10", Date.parse("2026-11-24T00:00:00Z"));

const snapshot = (id: string, takenAt: string, more = {}) => ({
  id,
  version: Number(id.split("-v")[1]),
  state: "taken",
  taken_at: takenAt,
  published_at: null,
  ...more,
});
const SNAPSHOTS: Record<string, unknown[]> = {
  "2026-10": [
    snapshot("2026-10-v1", "2026-11-06T00:00:00+08:00"),
    snapshot("2026-10-v2", "2026-11-09T00:00:00+08:00"),
    snapshot("2026-10-v3", "2026-11-20T00:00:00+08:00", { state: "unchanged" }),
  ],
  "2026-09": [snapshot("2026-09-v1", "2026-10-06T00:00:00+08:00"), snapshot("2026-09-v2", "2026-11-15T00:00:00+08:00")],
};

/** An API that keeps these snapshots; what it was asked. */
function api() {
  const asked: string[] = [];
  const ask = async (path: string) => {
    asked.push(path);
    const name = /^\/api\/v1\/snapshots\?month=(.*)$/.exec(path)?.[1];
    return name === undefined ? { path } : { snapshots: SNAPSHOTS[name] ?? [] };
  };
  return { asked, ask };
}

test("the newest snapshot that was taken answers; what the month is compared with is what stood then", async () => {
  const { ask, asked } = api();
  const source = await sourceOf(ask, month);
  expect(source.snapshot?.id).toBe("2026-10-v2");
  const before = monthOf("2026-09", Date.now());
  await source.ask(questions.indicator("traffic_share", month));
  await source.ask(questions.indicator("traffic_share", before));
  await source.ask(questions.trend("traffic_share", month));
  await source.ask(questions.targets());
  await source.ask(questions.registry());
  await source.ask(questions.differences("2026-10-v2"));
  expect(asked.filter((path) => !path.startsWith("/api/v1/snapshots"))).toEqual([
    "/api/v1/indicators/traffic_share?month=2026-10&snapshot=2026-10-v2",
    "/api/v1/indicators/traffic_share?month=2026-09&snapshot=2026-09-v1",
    `${questions.trend("traffic_share", month)}&snapshot=2026-10-v2`,
    "/api/v1/targets?snapshot=2026-10-v2",
    "/api/v1/registry",
  ]);
  expect(asked).toContain("/api/v1/snapshots/2026-10-v2/differences");
  expect(source.askedAs(questions.indicator("traffic_share", before))).toBe(
    "/api/v1/indicators/traffic_share?month=2026-09&snapshot=2026-09-v1",
  );
});

test("a month that had no snapshot then has no figure to compare with", async () => {
  const source = await sourceOf(api().ask, month);
  const yearBefore = monthOf("2025-10", Date.now());
  await expect(source.ask(questions.indicator("traffic_share", yearBefore))).rejects.toThrow(
    "2025-10 had no snapshot when 2026-10-v2 was taken.",
  );
});

test("an older version is asked for by its id; one that is not there is refused with those that are", async () => {
  expect((await sourceOf(api().ask, month, "2026-10-v1")).snapshot?.version).toBe(1);
  await expect(sourceOf(api().ask, month, "2026-10-v9")).rejects.toThrow(
    "snapshot: found 2026-10-v9, allowed for 2026-10: 2026-10-v1, 2026-10-v2.",
  );
});

test("an API that keeps no snapshots is asked live", async () => {
  const ask = async (path: string) => {
    throw new Fault("NOT_FOUND", `${path} is not an address of this API.`);
  };
  const source = await sourceOf(ask, month);
  expect(source).toMatchObject({ ask, snapshot: null });
  expect(source.askedAs("/api/v1/targets")).toBe("/api/v1/targets");
});

test.each([
  { path: "/api/v1/targets", name: null },
  { path: questions.trend("traffic_share", month), name: "2026-10" },
  { path: questions.books(month), name: "2026-10" },
])("$path is of $name", ({ path, name }) => expect(monthIn(path)).toBe(name));

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const read = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");

const source = z.strictObject({ type: z.string(), uid: z.string() });
const target = z.looseObject({ refId: z.string(), datasource: source });
/** What Grafana's dashboards of schema version 41 say of themselves, as far as ours use it. */
const dashboard = z.looseObject({
  uid: z.string().max(40),
  title: z.string().min(1),
  schemaVersion: z.literal(41),
  timezone: z.literal("Asia/Shanghai"),
  time: z.strictObject({ from: z.string().regex(/^now-\d+[hd]$/), to: z.literal("now") }),
  templating: z
    .object({
      list: z.array(
        z.looseObject({
          name: z.string().regex(/^\w+$/),
          type: z.literal("query"),
          datasource: source,
          query: z.string().min(1),
          multi: z.literal(true),
          includeAll: z.literal(true),
          current: z.object({ value: z.tuple([z.literal("$__all")]) }),
        }),
      ),
    })
    .optional(),
  panels: z.array(
    z.looseObject({
      id: z.int().min(1),
      type: z.enum([
        "row",
        "stat",
        "timeseries",
        "bargauge",
        "table",
        "barchart",
        "heatmap",
        "gauge",
        "state-timeline",
      ]),
      title: z.string().min(1),
      gridPos: z.strictObject({ h: z.int().min(1), w: z.int().min(1).max(24), x: z.int().min(0), y: z.int().min(0) }),
      targets: z.array(target).min(1).optional(),
      interval: z
        .string()
        .regex(/^\d+[smhd]$/)
        .optional(),
    }),
  ),
});
const files = globSync("grafana/*.json", { cwd: import.meta.dirname }).sort();
const boards = files.map((file) => ({ file, board: dashboard.parse(JSON.parse(read(file))) }));

const provisioned = globSync("grafana/provisioning/datasources/*.yaml", { cwd: import.meta.dirname }).flatMap(
  (file) => (parse(read(file)) as { datasources: { uid: string; type: string }[] }).datasources,
);

test("four dashboards, each mounted by compose where Grafana looks for them", () => {
  expect(files.map((file) => file.slice(8, -5))).toEqual(["books", "exporters", "traffic", "users"]);
  const compose = parse(read("compose.yaml"), { merge: true }) as { services: { grafana: { volumes: string[] } } };
  for (const file of files)
    expect(compose.services.grafana.volumes).toContain(`./${file}:/etc/grafana/dashboards/${file.slice(8)}:ro`);
  expect(new Set(boards.map(({ board }) => board.uid)).size).toBe(files.length);
});

test.each(boards)(
  "$file: its data sources are provisioned, its panels do not overlap and have ids of their own",
  ({ board }) => {
    const { panels, templating } = board;
    const sources = [
      ...panels.flatMap(({ targets = [] }) => targets.map((it) => it.datasource)),
      ...(templating?.list ?? []).map((it) => it.datasource),
    ];
    expect(sources.length).toBeGreaterThan(0);
    for (const { type, uid } of sources) expect(provisioned).toContainEqual(expect.objectContaining({ type, uid }));
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  },
);

test("the password of the data source is a secret that Grafana is given, and the plugin is there before it", () => {
  const text = read("grafana/provisioning/datasources/clickhouse.yaml");
  const [datasource] = (parse(text) as { datasources: Record<string, unknown>[] }).datasources;
  expect(datasource).toMatchObject({
    basicAuth: true,
    basicAuthUser: "analyst",
    secureJsonData: { basicAuthPassword: "$__file{/run/secrets/analyst_password}" },
  });
  const { grafana, clickhouse } = (
    parse(read("compose.yaml"), { merge: true }) as {
      services: Record<string, { secrets: string[]; environment: Record<string, string>; entrypoint?: string[] }>;
    }
  ).services;
  expect(grafana?.secrets).toContain("analyst_password");
  expect(clickhouse?.secrets).toContain("analyst_password");
  expect(clickhouse?.entrypoint?.join(" ")).toContain('ANALYST_PASSWORD="$$(cat /run/secrets/analyst_password)"');
  expect(read("clickhouse/analyst.xml")).toContain('from_env="ANALYST_PASSWORD"');
  expect(grafana?.environment.GF_PLUGINS_PREINSTALL_SYNC).toMatch(/^vertamedia-clickhouse-datasource@\d+\.\d+\.\d+$/);
});

import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DROP_REASONS, OUTCOMES, STAGES } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { parse } from "yaml";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");

/** Every figure the code gives: those it names, and those of the books. */
const FIGURES = new Set([
  ...globSync("services/**/*.ts", { cwd: ROOT, exclude: (path) => path.includes("node_modules") })
    .filter((path) => !/[.-]test[.-]/.test(path))
    .flatMap((path) => [...readFileSync(join(ROOT, path), "utf8").matchAll(/"(v6meter_[a-z0-9_]+)"/g)])
    .map(([, name]) => name as string),
  ...Object.entries(STAGES).flatMap(([stage, { unit }]) => [
    `v6meter_${stage}_${unit}_total`,
    `v6meter_${stage}_held_${unit}`,
  ]),
]);

interface Target {
  expr: string;
}
const dashboard = JSON.parse(read("grafana/books.json")) as {
  panels: { id: number; title: string; type: string; targets?: Target[] }[];
};
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const rules = (
  parse(read("prometheus/alerts.yaml")) as {
    groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
  }
).groups.flatMap((group) => group.rules);

const expressions = [
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ says: `panel ${title}: ${expr}`, expr })),
  ),
  ...rules.map(({ alert, expr }) => ({ says: `alert ${alert}`, expr })),
];

test.each(expressions)("$says: asks for figures that the code gives", ({ expr }) => {
  const names = (expr.match(/\bv6meter_[a-z0-9_]+/g) ?? []).map((name) => name.replace(/_bucket$/, ""));
  for (const name of names) expect(FIGURES).toContain(name);
  expect(names.length + (/\b(up|process_cpu_seconds_total)\{/.test(expr) ? 1 : 0)).toBeGreaterThan(0);
});

test.each(expressions)("$says: rates are of counters, its brackets close, its labels are known", ({ expr }) => {
  for (const [, name = ""] of expr.matchAll(/(?:rate|increase)\((v6meter_\w+)/g)) {
    expect(name).toMatch(/_total$|_bucket$/);
  }
  for (const [open, close] of [
    ["(", ")"],
    ["[", "]"],
    ["{", "}"],
  ] as const) {
    expect(expr.split(open).length).toBe(expr.split(close).length);
  }
  for (const [, outcome] of expr.matchAll(/outcome!?="(\w+)"/g)) expect(OUTCOMES).toContain(outcome);
  for (const [, reason] of expr.matchAll(/reason="(\w+)"/g)) expect(Object.keys(DROP_REASONS)).toContain(reason);
});

test("the dashboard shows the books of every stage and every counter of losses", () => {
  const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n");
  for (const [stage, { unit }] of Object.entries(STAGES)) expect(shown).toContain(`v6meter_${stage}_${unit}_total`);
  for (const name of FIGURES) if (/drop|dead|lost/.test(name)) expect(shown).toContain(name);
});

test("panels have numbers of their own", () => {
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every alert says in a sentence what it is", () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { alert, annotations } of rules) expect(annotations.summary, alert).toMatch(/\w+ \w+/);
});

test("Prometheus asks every process of compose.yaml at its page, with the key", () => {
  const { scrape_configs: jobs } = parse(read("prometheus/prometheus.yaml")) as {
    scrape_configs: {
      authorization: { credentials_file: string };
      static_configs?: { targets: string[] }[];
      dns_sd_configs?: { names: string[]; port: number }[];
    }[];
  };
  const targets = jobs.flatMap(({ static_configs = [], dns_sd_configs = [] }) => [
    ...static_configs.flatMap((it) => it.targets),
    ...dns_sd_configs.map(({ names, port }) => `${names[0]}:${port}`),
  ]);
  const compose = parse(read("compose.yaml"), { merge: true }) as {
    services: Record<string, { image: string; environment: Record<string, string> }>;
  };
  const pages = Object.entries(compose.services)
    .filter(([, { image }]) => image === "v6meter")
    .map(([name, { environment }]) => `${name}:${new URL(environment.HEALTH_URL ?? "").port}`);
  expect(targets.sort()).toEqual(pages.sort());
  for (const { authorization } of jobs) expect(authorization.credentials_file).toMatch(/admin\.key$/);
});

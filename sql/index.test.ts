import { expect, test } from "vitest";
import { listAnalysisQuestions, listMigrations, sqlFile } from "./index.ts";

const migrations = listMigrations();

test("migrations are numbered from one without a gap", () => {
  expect(migrations.map(({ name }) => Number(name.slice(0, 4)))).toEqual(migrations.map((_, i) => i + 1));
});

test.each(migrations)("$name is one statement, safe to repeat, and says what it is for", ({ sql }) => {
  expect(sql).toMatch(/^-- /);
  const statement = sql.replaceAll(/^--.*$/gm, "");
  expect(statement).not.toContain(";");
  expect(statement).toMatch(/IF (NOT )?EXISTS|MODIFY/);
});

test("every table that takes inserts remembers their tokens", () => {
  const tables = migrations.filter(
    ({ name, sql }) => / ENGINE = /.test(sql.replaceAll("\n", " ")) && name !== "0001_migrations",
  );
  expect(tables.length).toBeGreaterThan(5);
  for (const { name, sql } of tables) expect(sql, name).toContain("non_replicated_deduplication_window");
});

test.each(listAnalysisQuestions())(
  "the question $name says in both languages what it asks, and is one statement",
  (it) => {
    expect(it.zh).toMatch(/^(?:IPv6)?[^a-z]*[\u4e00-\u9fff]/);
    expect(it.en).toMatch(/^[A-Z].*[.]$/);
    expect(it.statement).toMatch(/^(SELECT|WITH)\b/);
    expect(it.statement).not.toMatch(/;|^--/m);
  },
);

test("a file that is not there is an error", () => {
  expect(() => sqlFile("queries/none.sql")).toThrow("none.sql");
});

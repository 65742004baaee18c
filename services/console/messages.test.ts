import { AUDIT_ACTIONS } from "@v6meter/schemas/words";
import { expect, test } from "vitest";
import en from "./web/messages/en.ts";
import zh from "./web/messages/zh.ts";

function keys(texts: object, before = ""): string[] {
  return Object.entries(texts).flatMap(([name, text]) =>
    typeof text === "string"
      ? [`${before}${name} ${[...text.matchAll(/\{\w+\}/g)].sort().join()}`]
      : keys(text, `${before}${name}.`),
  );
}

test("both languages have the same texts, with the same figures in them", () => {
  expect(keys(zh).length).toBeGreaterThan(80);
  expect(keys(en).sort()).toEqual(keys(zh).sort());
});

test("everything that the audit log tells of has a text", () => {
  const told = keys(zh.admin.actions).map((line) => line.trimEnd());
  expect(told.toSorted()).toEqual(Object.keys(AUDIT_ACTIONS).sort());
});

import { expect, test } from "vitest";
import { errorPlace } from "./error-place.ts";

test.each([
  {
    says: "a syntax error is at its position",
    sentence: "SYNTAX_ERROR (62): Syntax error: failed at position 31 (family) (line 3, col 6): family = 6",
    statement: "SELECT family\nFROM flows\nWHER family = 6",
    text: "family",
  },
  {
    says: "positions are bytes, so Chinese before them shifts nothing",
    sentence: "SYNTAX_ERROR (62): Syntax error: failed at position 22 (FORM) (line 1, col 22)",
    statement: "SELECT '大连' AS x FORM flows",
    text: "FORM",
  },
  {
    says: "an end that comes too early is the last character",
    sentence: "SYNTAX_ERROR (62): Syntax error: failed at position 38 (end of query): .",
    statement: "SELECT sum(bytes) FROM flows GROUP BY",
    text: "Y",
  },
  {
    says: "an unknown column is where it stands first, as a whole word",
    sentence:
      "UNKNOWN_IDENTIFIER (47): Unknown expression identifier `famly` in scope SELECT famly FROM analyst.flows.",
    statement: "SELECT famly_x, famly FROM analyst.flows",
    text: "famly",
  },
  {
    says: "an unknown table is where it stands",
    sentence: "UNKNOWN_TABLE (60): Unknown table expression identifier 'nope' in scope SELECT 1 FROM nope.",
    statement: "SELECT 1 FROM nope",
    text: "nope",
  },
  {
    says: "an unknown function is where it stands",
    sentence: "UNKNOWN_FUNCTION (46): Function with name `foo` does not exist. In scope SELECT foo(1).",
    statement: "SELECT foo(1)",
    text: "foo",
  },
  {
    says: "a sentence that points nowhere has no place",
    sentence: "FORMAT, SETTINGS and INTO OUTFILE are not allowed.",
    statement: "SELECT 1 FORMAT CSV",
    text: null,
  },
])("$says", ({ sentence, statement, text }) => {
  const place = errorPlace(sentence, statement);
  expect(place && statement.slice(place.from, place.to)).toBe(text);
});

import { expect, test } from "vitest";
import { Claims } from "./claims.ts";

function claimsOf(members: number[], maxExporters = 100): Claims {
  const claims = new Claims(maxExporters);
  for (const member of members) claims.join(member);
  return claims;
}

test("who asks first has the exporter, and who asks later is told who", () => {
  const claims = claimsOf([1, 2]);
  expect(claims.claim("a", 2)).toEqual({ owner: 2 });
  expect(claims.claim("a", 1)).toEqual({ owner: 2 });
  expect(claims.claim("a", 2)).toEqual({ owner: 2 });
  expect(claims.ownerOf("a")).toBe(2);
  expect(claims.ownerOf("b")).toBeNull();
  expect(claims.size).toBe(1);
});

test("only who has an exporter gives it up, and then the next who asks has it", () => {
  const claims = claimsOf([1, 2]);
  claims.claim("a", 1);
  expect(claims.giveUp("a", 2)).toBe(false);
  expect(claims.giveUp("a", 1)).toBe(true);
  expect(claims.giveUp("a", 1)).toBe(false);
  expect(claims.claim("a", 2)).toEqual({ owner: 2 });
});

test("what a process had that has ended is anybody's, and what it asks afterwards goes to the one with the fewest", () => {
  const claims = claimsOf([1, 2, 3]);
  for (const exporter of ["a", "b"]) claims.claim(exporter, 1);
  claims.claim("c", 2);
  claims.leave(1, 0);
  expect(claims.ownerOf("a")).toBeNull();
  expect(claims.ownerOf("c")).toBe(2);
  expect(claims.isMember(1)).toBe(false);
  expect(claims.claim("a", 1)).toEqual({ owner: 3 });
  expect(claims.giveUp("b", 1)).toBe(false);
  expect(claims.size).toBe(2);
});

test("beyond the number allowed a new exporter is nobody's until one is given up", () => {
  const claims = claimsOf([1], 2);
  claims.claim("a", 1);
  claims.claim("b", 1);
  expect(claims.claim("c", 1)).toBe("too_many");
  expect(claims.claim("a", 1)).toEqual({ owner: 1 });
  claims.giveUp("a", 1);
  expect(claims.claim("c", 1)).toEqual({ owner: 1 });
});

test("state that nobody looks after is given to the processes with the fewest after a while, and once", () => {
  const claims = claimsOf([1, 2]);
  claims.claim("mine", 1);
  claims.note(["mine", "a", "b", "c"], 1_000);
  expect(claims.adopt(999)).toEqual([]);
  expect(claims.claim("c", 1)).toEqual({ owner: 1 });
  expect(claims.adopt(1_000)).toEqual([
    { exporter: "a", owner: 2 },
    { exporter: "b", owner: 2 },
  ]);
  expect(claims.adopt(1_000)).toEqual([]);
  claims.leave(2, 5_000);
  expect(claims.adopt(4_999)).toEqual([]);
  expect(claims.adopt(5_000).map(({ exporter }) => exporter)).toEqual(["a", "b"]);
  expect(claims.ownerOf("a")).toBe(1);
});

test("an exporter that is given up is looked after again only where its state is left", () => {
  const claims = claimsOf([1, 2]);
  for (const exporter of ["forgotten", "left"]) {
    claims.claim(exporter, 1);
    claims.giveUp(exporter, 1);
  }
  claims.note(["left"], 0);
  expect(claims.adopt(0)).toEqual([{ exporter: "left", owner: 1 }]);
});

test("nothing is adopted while there is no process", () => {
  const claims = claimsOf([]);
  claims.note(["a"], 0);
  expect(claims.adopt(1)).toEqual([]);
  claims.join(1);
  expect(claims.adopt(1)).toEqual([{ exporter: "a", owner: 1 }]);
});

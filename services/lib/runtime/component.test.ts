import { expect, test } from "vitest";
import { type Component, startAll } from "./component.ts";

function recorded(log: string[], name: string, fails: { start?: boolean; stop?: boolean } = {}): Component {
  const step = async (verb: "start" | "stop") => {
    log.push(`${verb} ${name}`);
    if (fails[verb]) throw new Error(`${name} fails to ${verb}`);
  };
  return { name, start: () => step("start"), stop: () => step("stop") };
}

test("parts start in order and stop in reverse", async () => {
  const log: string[] = [];
  const stop = await startAll([recorded(log, "store"), recorded(log, "bus"), recorded(log, "collector")]);
  await stop();
  expect(log).toEqual(["start store", "start bus", "start collector", "stop collector", "stop bus", "stop store"]);
});

test("a part that fails to start stops those before it and only those", async () => {
  const log: string[] = [];
  const parts = [recorded(log, "store"), recorded(log, "bus", { start: true }), recorded(log, "collector")];
  await expect(startAll(parts)).rejects.toThrow("bus fails to start");
  expect(log).toEqual(["start store", "start bus", "stop store"]);
});

test("a part that fails to stop does not keep another from stopping", async () => {
  const log: string[] = [];
  const stop = await startAll([recorded(log, "store"), recorded(log, "bus", { stop: true })]);
  await expect(stop()).rejects.toThrow("not every part stopped cleanly");
  expect(log.slice(2)).toEqual(["stop bus", "stop store"]);
});

test("stopping twice is one stop", async () => {
  const log: string[] = [];
  const stop = await startAll([recorded(log, "store")]);
  await Promise.all([stop(), stop()]);
  expect(log).toEqual(["start store", "stop store"]);
});

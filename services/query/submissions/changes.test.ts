import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault, storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore, openServerStore, type Store } from "@v6meter/store";
import { createSqlPort } from "@v6meter/store/interface";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openChanges, type WantedChange } from "./changes.ts";

let folder: string;
const parts = new AsyncDisposableStack();
const stores: Record<string, Store[]> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-changes-"));
  const config = storeConfig.parse({});
  const embedded = parts.adopt(await openEmbeddedStore({ path: folder, config }), (it) => it.stop());
  const port = createSqlPort({
    engine: embedded.engine,
    at: { host: "127.0.0.1", port: 0 },
    users: [{ name: "default", password: "", rights: "all" }],
    limits: { maxExecutionS: 30, maxRows: 100_000, maxMemoryBytes: 500_000_000 },
    logger: pino({ level: "silent" }),
  });
  const { port: number } = await port.start();
  parts.defer(() => port.stop());
  const url = `http://127.0.0.1:${number}`;
  const open = async () =>
    parts.adopt(await openServerStore({ config: storeConfig.parse({ url }) }), (it) => it.stop());
  stores["the engine of its own process"] = [embedded, embedded];
  stores["a server, each process with connections of its own"] = [await open(), await open()];
  for (const [store] of Object.values(stores)) await store?.migrate();
});
afterAll(async () => {
  await parts.disposeAsync();
  rmSync(folder, { recursive: true });
});

const MAKERS = 6;

describe.each(["the engine of its own process", "a server, each process with connections of its own"])(
  "over %s",
  (name) => {
    const key = { series: "stb_share", month: "2026-10", unit: "telecom" };
    const wanted = (actor: string): WantedChange => ({
      ...key,
      version: 1,
      state: "draft",
      actor,
      role: "operator",
      rows: [{ row: 2, cells: { region: "210100", 行业: `冶金, "${actor}"` } }],
      messages: [],
      errors: 0,
      warnings: 0,
      confirmed: true,
      reason: "",
    });

    test("of many who go on from the same change one is stored, each of the others is told who was faster", async () => {
      const desks = (stores[name] as Store[]).map(openChanges);
      for (let round = 1; round <= 3; round++) {
        const last = (await desks[0]?.of(key))?.at(-1);
        const tries = Array.from({ length: MAKERS }, (_, i) =>
          (desks[i % 2] as ReturnType<typeof openChanges>).append(last, wanted(`maker ${i}`)),
        );
        const ended = await Promise.allSettled(tries);
        const won = ended.flatMap((it) => (it.status === "fulfilled" ? [it.value] : []));
        const lost = ended.flatMap((it) => (it.status === "rejected" ? [it.reason as Fault] : []));
        expect(won.map(({ change }) => change)).toEqual([round]);
        expect(lost).toHaveLength(MAKERS - 1);
        for (const fault of lost) {
          expect(fault).toBeInstanceOf(Fault);
          expect(fault).toMatchObject({
            code: "SUBMISSION_CONFLICT",
            message: expect.stringContaining(won[0]?.actor ?? "?"),
          });
        }
        expect((await desks[1]?.of(key))?.at(-1)).toEqual(won[0]);
      }
      const all = (await desks[0]?.of(key)) ?? [];
      expect(all.map(({ change }) => change)).toEqual([1, 2, 3]);
      expect(all[0]?.rows[0]?.cells.行业).toBe(`冶金, "${all[0]?.actor}"`);
    });
  },
);

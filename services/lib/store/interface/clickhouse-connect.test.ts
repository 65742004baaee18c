import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { encodeFlows } from "@v6meter/batch";
import { createLogger } from "@v6meter/runtime";
import { addressBytes, setU64, storeConfig } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { openEmbeddedStore } from "../embedded.ts";
import { plainFlows } from "../flows.test-data.ts";
import { createSqlPort } from "./sql-port.ts";

const VERSION = "1.12.0";

/** Where the client lies, installed at its first use on a machine; null where that cannot be. */
function installedClient(): string | null {
  const folder = join(tmpdir(), `v6meter-clickhouse-connect-${VERSION}`);
  if (existsSync(folder)) return folder;
  const part = `${folder}.${process.pid}`;
  try {
    mkdirSync(part);
    const what = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", part];
    execFileSync("python3", [...what, `clickhouse-connect==${VERSION}`], { stdio: "pipe", timeout: 120_000 });
    renameSync(part, folder);
    return folder;
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (existsSync(folder)) return folder;
    const line = `NOT RUN: the suite with Python's clickhouse-connect ${VERSION}: python3 with pip cannot install it`;
    if (process.env.CI) throw new Error(line, { cause: error });
    process.stderr.write(`${line}\n`);
    return null;
  }
}

const python = installedClient();

test.runIf(python)(
  "Python's clickhouse-connect reads what it inserts, and is refused what a reader may not",
  async () => {
    const path = mkdtempSync(join(tmpdir(), "v6meter-python-"));
    const store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
    const port = createSqlPort({
      engine: store.engine,
      at: { host: "127.0.0.1", port: 0 },
      users: [
        { name: "default", password: "", rights: "all" },
        { name: "reader", password: "r p", rights: "read" },
      ],
      limits: { maxExecutionS: 30, maxRows: 100_000, maxMemoryBytes: 500_000_000 },
      logger: createLogger("silent", "test"),
    });
    try {
      const { port: number } = await port.start();
      const script = join(import.meta.dirname, "clickhouse-connect.test-child.py");
      const { stdout } = await promisify(execFile)("python3", ["-B", script, python ?? "", String(number)]);
      const told = JSON.parse(stdout);
      expect(told).toMatchObject({
        version: expect.stringMatching(/^\d+\.\d+/),
        timezone: "UTC",
        columns: ["a", "b", "c", "d", "e"],
        rows: [
          ["2", "", expect.stringMatching(/^2026-01-02 00:00:00/), expect.anything(), "[]"],
          [
            "18446744073709551615",
            "它's\t",
            expect.stringMatching(/^2026-01-01 00:00:00/),
            "2001:db8::1",
            "[1.5, None]",
          ],
        ],
        many: 70_000,
        refused: expect.stringContaining("ACCESS_DENIED"),
        wrong_password: expect.stringContaining("AUTHENTICATION_FAILED"),
      });
      expect(told.described).toContainEqual(["d", "IPv6"]);
      expect(told.arrow).toBeGreaterThan(500);
    } finally {
      await port.stop();
      await store.stop();
      rmSync(path, { recursive: true, force: true });
    }
  },
  180_000,
);

test.runIf(python)(
  "Python's clickhouse-connect reads the analysts' views by a key, and nothing else, whichever database it names",
  async () => {
    const path = mkdtempSync(join(tmpdir(), "v6meter-python-"));
    const store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
    const port = createSqlPort({
      engine: store.engine,
      at: { host: "127.0.0.1", port: 0 },
      users: [],
      access: {
        identify: async (_, password) => (password === "key of li" ? { name: "li", sight: "analyst" } : null),
        refused: async () => {},
        begins: async () => async () => {},
      },
      limits: { maxExecutionS: 30, maxRows: 100_000, maxMemoryBytes: 500_000_000 },
      logger: createLogger("silent", "test"),
    });
    try {
      await store.migrate();
      const flows = plainFlows([Date.now(), Date.now()], ({ columns }) => {
        columns.src_addr.set(addressBytes("2001:db8:1:2:3:4:5:6") as Uint8Array, 0);
        columns.src_addr.set(addressBytes("192.0.2.77") as Uint8Array, 16);
        columns.family.set([6, 4]);
        columns.counted.set([2, 2]);
        setU64(columns.bytes, 0, 70);
        setU64(columns.bytes, 1, 80);
      });
      await store.insert({ table: "flows", arrow: encodeFlows(flows, { stage: "classify" }), rows: 2, token: "t" });
      const { port: number } = await port.start();
      const script = join(import.meta.dirname, "clickhouse-connect-analyst.test-child.py");
      for (const database of ["analyst", "default", "__default__"]) {
        const args = ["-B", script, python ?? "", String(number), "key of li", database];
        const { stdout } = await promisify(execFile)("python3", args);
        const told = JSON.parse(stdout);
        expect(told).toMatchObject({
          views: expect.arrayContaining(["flows", "traffic", "users_1d"]),
          flows: [
            ["2001:db8:1::", "6", "70"],
            ["::ffff:c000:200", "4", "80"],
          ],
          traffic: 70,
          raw: expect.stringContaining("ACCESS_DENIED"),
          system: expect.stringContaining("ACCESS_DENIED"),
          withheld: expect.stringContaining("UNKNOWN_IDENTIFIER"),
        });
        expect(told.columns).not.toContain("src_addr");
        expect(told.arrow).toBeGreaterThan(500);
      }
    } finally {
      await port.stop();
      await store.stop();
      rmSync(path, { recursive: true, force: true });
    }
  },
  180_000,
);

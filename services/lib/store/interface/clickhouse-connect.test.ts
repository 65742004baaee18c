import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createLogger } from "@v6meter/runtime";
import { storeConfig } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { openEmbeddedStore } from "../embedded.ts";
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

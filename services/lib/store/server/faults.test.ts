import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFlows } from "@v6meter/batch";
import { storeConfig } from "@v6meter/schemas";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { mixedFlows } from "../flows.test-data.ts";
import type { Insert, Store } from "../port.ts";
import { expectRollupsEqualRecount } from "../rollup-recount.test-data.ts";
import { Network } from "./network.test-data.ts";
import { killServers, type Server, startServer } from "./server.test-data.ts";
import { openServerStore } from "./server-store.ts";

const LIMITS = { maxExecutionS: 20, maxRows: 1_000, maxMemoryBytes: 500_000_000 };
const NOON_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 86_400_000 + 4 * 3_600_000;
const ROWS = 20_000;

const root = mkdtempSync(join(tmpdir(), "v6meter-faults-"));
let server: Server;
let network: Network;
let store: Store;
let stored = 0;

function cut(seed: number): Insert {
  const batch = mixedFlows({ rows: ROWS, seed, fromMs: NOON_MS, spanMs: 60_000 });
  return { table: "flows", arrow: encodeFlows(batch, { stage: "classify" }), rows: ROWS, token: `cut ${seed}` };
}

/** Every row of every acknowledged cut is there once, in the table and in the rollups. */
async function expectExactlyOnce(): Promise<void> {
  const { rows } = await store.raw("SELECT count() FROM flows", LIMITS);
  expect(rows).toEqual([[String(stored * ROWS)]]);
  await expectRollupsEqualRecount(store);
}

beforeAll(async () => {
  server = await startServer(join(root, "server"));
  network = new Network(server.port);
  store = await openServerStore({ config: storeConfig.parse({ url: await network.start() }) });
  await store.migrate();
  await store.insert(cut(0));
  stored = 1;
});
afterEach(() => network.treat({ is: "forward" }));
afterAll(async () => {
  await store.stop();
  await network.stop();
  killServers();
  rmSync(root, { recursive: true, force: true });
});

describe("an insert over a network that breaks", () => {
  test("whose first answer was lost is repeated and stored once", async () => {
    const { broken } = network;
    network.treat({ is: "lose answers" });
    const inserting = store.insert(cut(1));
    while (network.broken === broken) await sleep(5);
    network.treat({ is: "forward" });
    await inserting;
    stored += 1;
    await expectExactlyOnce();
  });

  test("whose answers were all lost fails, to be retried, and repeated by the caller it is stored once", async () => {
    const { broken } = network;
    network.treat({ is: "lose answers" });
    await expect(store.insert(cut(2))).rejects.toMatchObject({ code: "STORE_UNREACHABLE", retry: true });
    expect(network.broken).toBeGreaterThan(broken + 1);
    network.treat({ is: "forward" });
    const { rows } = await store.raw("SELECT count() FROM flows", LIMITS);
    expect(rows).toEqual([[String((stored + 1) * ROWS)]]);
    await store.insert(cut(2));
    stored += 1;
    await expectExactlyOnce();
  });

  test.each([1, 5_000, 400_000])(
    "whose request is cut after %i bytes stores nothing, and repeated all",
    async (afterBytes) => {
      const insert = cut(10 + afterBytes);
      expect(insert.arrow.length).toBeGreaterThan(afterBytes);
      network.treat({ is: "cut requests", afterBytes });
      await expect(store.insert(insert)).rejects.toMatchObject({ code: "STORE_UNREACHABLE", retry: true });
      network.treat({ is: "forward" });
      await expectExactlyOnce();
      await store.insert(insert);
      stored += 1;
      await expectExactlyOnce();
    },
  );

  test("that refuses for a while fails, to be retried, and works when it is back", async () => {
    network.treat({ is: "refuse" });
    await expect(store.insert(cut(3))).rejects.toMatchObject({ code: "STORE_UNREACHABLE", retry: true });
    await expect(store.ping()).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    await expect(store.raw("SELECT 1", LIMITS)).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    network.treat({ is: "forward" });
    await store.ping();
    await store.insert(cut(3));
    stored += 1;
    await expectExactlyOnce();
  });
});

test.each([
  { says: "while the request arrives", bytes: 200_000, waitMs: 0 },
  { says: "when the request has arrived", bytes: Number.POSITIVE_INFINITY, waitMs: 0 },
  { says: "a little later", bytes: Number.POSITIVE_INFINITY, waitMs: 15 },
  { says: "later", bytes: Number.POSITIVE_INFINITY, waitMs: 40 },
  { says: "about when it is done", bytes: Number.POSITIVE_INFINITY, waitMs: 90 },
])("a server killed $says and started again has the repeated insert once", async ({ says, bytes, waitMs }) => {
  const insert = { ...cut(100 + waitMs + (bytes === 200_000 ? 1_000 : 0)), token: `killed ${says}` };
  const reached = Promise.withResolvers<void>();
  network.onRequestBytes = (sent) => {
    if (sent >= Math.min(bytes, insert.arrow.length)) reached.resolve();
  };
  const inserting = Promise.allSettled([store.insert(insert)]);
  await reached.promise;
  await sleep(waitMs);
  await server.kill();
  server = await startServer(join(root, "server"), server.port);
  network.onRequestBytes = () => {};
  const [outcome] = await inserting;
  if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "STORE_UNREACHABLE", retry: true });
  await store.insert(insert);
  stored += 1;
  await expectExactlyOnce();
});

test("a server that is overloaded or stops between two statements is asked again, with the same token and bytes", async () => {
  const asked: string[] = [];
  const overloaded = createServer(async (request, response) => {
    const body = await buffer(request);
    const { searchParams } = new URL(request.url ?? "", "http://server");
    const token = searchParams.get("insert_deduplication_token");
    if (token === null) return response.end('{"name":"deduplicate_insert"}\n');
    asked.push(`${token} ${searchParams.get("deduplicate_insert")} ${createHash("sha256").update(body).digest("hex")}`);
    if (asked.length === 1) return response.writeHead(503).end("<html>upstream is away</html>");
    if (asked.length === 2) {
      const line =
        "Code: 202. DB::Exception: Too many simultaneous queries. Maximum: 100. (TOO_MANY_SIMULTANEOUS_QUERIES)\n";
      return response.writeHead(503, { "X-ClickHouse-Exception-Code": "202" }).end(line);
    }
    if (asked.length === 3) return request.socket.destroy();
    return response.end();
  }).listen(0, "127.0.0.1");
  await once(overloaded, "listening");
  const url = `http://127.0.0.1:${(overloaded.address() as AddressInfo).port}`;
  const other = await openServerStore({ config: storeConfig.parse({ url }) });
  try {
    const insert = cut(4);
    await other.insert(insert);
    const bytes = createHash("sha256").update(insert.arrow).digest("hex");
    expect(asked).toEqual(new Array(4).fill(`cut 4 enable ${bytes}`));
  } finally {
    await other.stop();
    overloaded.close();
  }
});

test("a server that does not answer in time is unreachable", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const other = await openServerStore({ config: storeConfig.parse({ url, request_timeout_ms: 1_000 }) });
  try {
    await expect(other.migrate()).rejects.toMatchObject({ code: "STORE_UNREACHABLE", retry: true });
  } finally {
    await other.stop();
    silent.closeAllConnections();
    silent.close();
  }
});

describe("a login", () => {
  test.each([
    ["a wrong password", "writer", "a pass"],
    ["no password", "writer", undefined],
    ["an unknown user", "nobody", "a pass: wörd"],
  ])("with %s is refused in one sentence that names the settings", async (_, username, password) => {
    const config = storeConfig.parse({ url: server.url, username });
    const other = await openServerStore({ config, ...(password === undefined ? {} : { password }) });
    const refused = {
      code: "STORE_REFUSED",
      retry: false,
      message: expect.stringMatching(
        new RegExp(`^store\\.username: ${server.url} does not admit the user ${username} .*store\\.password_file\\.$`),
      ),
    };
    await expect(other.ping()).rejects.toMatchObject(refused);
    await expect(other.migrate()).rejects.toMatchObject(refused);
    await expect(other.insert(cut(5))).rejects.toMatchObject(refused);
    await other.stop();
  });

  test("with the password of a file is admitted, and its database made where it is missing", async () => {
    const password_file = join(root, "password");
    writeFileSync(password_file, "a pass: wörd\n");
    const settings = { url: server.url, username: "writer", password_file, database: "another" };
    const other = await openServerStore({ config: storeConfig.parse(settings) });
    await other.migrate();
    await other.insert(cut(6));
    expect((await other.raw("SELECT currentDatabase(), count() FROM flows", LIMITS)).rows).toEqual([
      ["another", String(ROWS)],
    ]);
    await other.stop();
    await expectExactlyOnce();
  });

  test("without its file, or without a server, is a mistake of the settings", async () => {
    const open = (settings: object) => openServerStore({ config: storeConfig.parse(settings) });
    await expect(open({ url: server.url, password_file: join(root, "absent") })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("store.password_file"),
    });
    await expect(open({})).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

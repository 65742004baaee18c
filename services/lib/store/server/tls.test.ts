import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { storeConfig } from "@v6meter/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openServerStore } from "./server-store.ts";

/** Of an authority that was made for this test and forgotten; for 127.0.0.1, valid a hundred years. */
const CERTIFICATES = join(import.meta.dirname, "certificates");
const file = (name: string) => join(CERTIFICATES, name);

const server = createServer(
  { cert: readFileSync(file("server.pem")), key: readFileSync(file("server-key.pem")) },
  (_, response) => response.end("ping\n"),
);
let url: string;

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("a server whose certificate the authority of store.tls_ca_file signed is trusted", async () => {
  const store = await openServerStore({ config: storeConfig.parse({ url, tls_ca_file: file("authority.pem") }) });
  await store.ping();
  await store.stop();
});

test.each([
  ["without store.tls_ca_file", {}],
  ["whose own certificate stands for another authority", { tls_ca_file: file("server.pem") }],
])("a server %s is not trusted", async (says, settings) => {
  const store = await openServerStore({ config: storeConfig.parse({ url, ...settings }) });
  await expect(store.ping(), says).rejects.toMatchObject({
    code: "STORE_UNREACHABLE",
    message: expect.stringContaining(`store.tls_ca_file: the certificate of ${url} is not trusted`),
  });
  await store.stop();
});

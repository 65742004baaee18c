import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { type KafkaNode, kafkaIsThere, startKafka } from "@v6meter/kafka";
import { TOPICS } from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openKafkaBus } from "./bus.ts";
import { ownPlace } from "./place.test-data.ts";

const STORE_PASSWORD = "of-a-test-only";

describe.runIf(kafkaIsThere())("brokers that ask who it is, over TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-secured-"));
  const file = (name: string) => join(folder, name);
  const secret = (name: string, text: string) => {
    writeFileSync(file(name), text, { mode: 0o600 });
    return file(name);
  };
  let kafka: KafkaNode;

  beforeAll(async () => {
    const keystore = ["-keystore", file("kafka.p12"), "-storetype", "PKCS12", "-storepass", STORE_PASSWORD];
    const name = ["-alias", "kafka", "-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1", "-keyalg", "EC"];
    execFileSync("keytool", ["-genkeypair", ...name, ...keystore], { stdio: "ignore" });
    execFileSync("keytool", ["-exportcert", "-rfc", "-alias", "kafka", "-file", file("ca.pem"), ...keystore], {
      stdio: "ignore",
    });
    kafka = await startKafka({
      clientProtocol: "SASL_SSL",
      scramUsers: { collector: "right" },
      properties: {
        "sasl.enabled.mechanisms": "SCRAM-SHA-256",
        "listener.name.clients.scram-sha-256.sasl.jaas.config":
          "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "ssl.keystore.location": file("kafka.p12"),
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.password": STORE_PASSWORD,
      },
    });
  }, 300_000);
  afterAll(async () => {
    await kafka?.stop();
    rmSync(folder, { recursive: true });
  });

  const settings = (password: string, more: Record<string, unknown> = {}) =>
    ownPlace(kafka.brokers, {
      tls: true,
      tls_ca_file: file("ca.pem"),
      sasl_mechanism: "scram-sha-256",
      sasl_username: "collector",
      sasl_password_file: secret("password", `${password}\n`),
      ...more,
    });

  test("the right password publishes and is delivered to, values whole and folded", async () => {
    const bus = await openKafkaBus({ config: settings("right") });
    const whole = { topic: TOPICS.flows.name, key: "a", value: new TextEncoder().encode("over TLS") };
    const long = Buffer.alloc(500_000, "folded over TLS");
    await bus.publish([whole]);
    await bus.publish([{ ...whole, value: zstdCompressSync(long), contentBytes: long.length }]);
    const consumer = await bus.consumer({ topic: TOPICS.flows.name, group: "group" });
    for (const expected of ["over TLS", `${long}`]) {
      const delivery = await consumer.receive({ maxMessages: 1, maxBytes: 1_000_000, waitMs: 20_000 });
      expect(delivery?.messages.map(({ value }) => Buffer.from(value).toString())).toEqual([expected]);
      if (delivery) await consumer.commit(delivery);
    }
    await bus.stop();
  });

  test.each([
    { says: "a wrong password", password: "wrong", more: {}, message: /does not serve: .*[Aa]uthentication/ },
    {
      says: "a certificate of an authority that is not trusted",
      password: "right",
      more: { tls_ca_file: null },
      message: /does not serve: .*certificate/,
    },
  ])("$says is refused for good, in one sentence without the password", async ({ password, more, message }) => {
    const opened = openKafkaBus({ config: settings(password, more) });
    const fault = await opened.catch((error: Error & { code?: string }) => error);
    expect(fault).toMatchObject({ code: "BUS_INVALID", message: expect.stringMatching(message) });
    expect((fault as Error).message).not.toContain(`${password}\n`);
    expect((fault as Error).message.split("\n")).toHaveLength(1);
  });

  test("a file of the settings that is not there is named", async () => {
    const config = settings("right", { sasl_password_file: file("none") });
    await expect(openKafkaBus({ config })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^bus\.kafka\.sasl_password_file: .*none cannot be read/),
    });
  });
});

describe.runIf(kafkaIsThere())("topics that are there already", () => {
  let kafka: KafkaNode;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 300_000);
  afterAll(() => kafka?.stop());

  test("keep their partitions, and one that takes too small messages is refused with what is allowed", async () => {
    const config = ownPlace(kafka.brokers);
    const made = await openKafkaBus({ config });
    expect(made.partitions).toBe(4);
    await made.stop();
    const again = await openKafkaBus({ config: { ...config, partitions: 9 } });
    expect(again.partitions).toBe(4);
    await again.stop();

    const larger = { ...config, kafka: { ...config.kafka, max_message_bytes: 67_108_864 } };
    await expect(openKafkaBus({ config: larger })).rejects.toMatchObject({
      code: "BUS_INVALID",
      message: expect.stringMatching(
        /^The topic .*v6meter\.\w+: max\.message\.bytes is \d+, allowed is 67108864 or more \(bus\.kafka\.max_message_bytes\)\.$/,
      ),
    });
  });
});

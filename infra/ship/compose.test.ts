import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadSettings } from "@v6meter/runtime";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { COMMANDS } from "../../services/standalone/commands.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FILE = join(import.meta.dirname, "compose.yaml");

interface Service {
  image: string;
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
  secrets?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  deploy?: { replicas?: number };
  mem_limit?: string;
  cpus?: number;
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, null>;
  secrets: Record<string, { file: string }>;
}

const compose = parse(readFileSync(FILE, "utf8"), { merge: true }) as Compose;
const services = Object.entries(compose.services).map(([name, service]) => ({ name, ...service }));
const ours = services.filter(({ image }) => image === "v6meter");
const variables = (environment: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith("V6METER_")));

const hasCompose = spawnSync("docker", ["compose", "version"]).status === 0;
if (!hasCompose) process.stdout.write("NOT RUN: docker compose is not here and has not read compose.yaml\n");
const dockerReads = () => {
  const text = execFileSync("docker", ["compose", "-f", FILE, "--profile", "watch", "config", "--quiet"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(text).toBe("");
};
if (hasCompose) test("docker compose reads the file", dockerReads);

test("collector, accounting, two classifiers and the API run, each by a command that there is", () => {
  const commands = ours.map(({ name, command, deploy }) => [name, command, deploy?.replicas ?? 1]);
  expect(commands).toEqual([
    ["collector", ["collector"], 1],
    ["accounting", ["accounting"], 1],
    ["classifier", ["classifier"], 2],
    ["query", ["query"], 1],
  ]);
  const known = COMMANDS.map(({ name }) => name);
  for (const { command } of ours) expect(known).toContain(command?.[0]);
});

test.each(ours)("$name: its variables are settings and their values are allowed", ({ environment }) => {
  const env = variables(environment);
  expect(Object.keys(env).length).toBeGreaterThan(0);
  const { origins } = loadSettings({ env, flags: {}, file: null });
  expect([...origins.values()].sort()).toEqual(Object.keys(env).sort());
});

test("settings that must agree do", () => {
  const settings = Object.fromEntries(
    ours.map(({ name, environment }) => [
      name,
      loadSettings({ env: variables(environment), flags: {}, file: null }).config,
    ]),
  );
  const { collector, accounting, classifier, query } = settings;
  expect(accounting?.bus.kafka).toEqual(classifier?.bus.kafka);
  expect(accounting?.bus.partitions).toBe(classifier?.bus.partitions);
  expect(collector?.bus.kafka).toEqual(classifier?.bus.kafka);
  expect(collector?.bus.partitions).toBe(classifier?.bus.partitions);
  expect(collector?.bus.partitions).toBeGreaterThanOrEqual(compose.services.classifier?.deploy?.replicas ?? 0);
  expect(classifier?.store).toEqual(query?.store);
  const kafka = compose.services.kafka?.environment ?? {};
  const batchBytes = (collector?.bus.kafka.max_message_bytes ?? Number.NaN) + 1_048_576;
  expect(Number(kafka.KAFKA_MESSAGE_MAX_BYTES)).toBe(batchBytes);
  expect(Number(kafka.KAFKA_REPLICA_FETCH_MAX_BYTES)).toBe(batchBytes);
  expect(Number(kafka.KAFKA_OFFSETS_RETENTION_MINUTES) * 60_000).toBeGreaterThanOrEqual(
    collector?.bus.kafka.retention_ms ?? Number.POSITIVE_INFINITY,
  );
  expect(compose.services.clickhouse?.environment?.CLICKHOUSE_DB).toBe(classifier?.store.database);
  expect(compose.services.clickhouse?.environment?.CLICKHOUSE_USER).toBe(classifier?.store.username);
});

test.each(ours)("$name: its health is asked where it listens", ({ environment, ports }) => {
  const url = new URL(environment?.HEALTH_URL ?? "");
  const { config } = loadSettings({ env: variables(environment), flags: {}, file: null });
  const listening = [config.collector.monitor, config.sessions.monitor, config.classifier.monitor, config.query.http];
  expect(url.pathname).toBe("/healthz");
  expect(listening).toContain(`0.0.0.0:${url.port}`);
  for (const port of ports ?? []) if (!port.endsWith("/udp")) expect(port).toBe(`127.0.0.1:${url.port}:${url.port}`);
});

test("the UDP ports of exports and accounting are published, and nothing else beyond this machine", () => {
  const settingsOf = (name: string) =>
    loadSettings({ env: variables(compose.services[name]?.environment), flags: {}, file: null }).config;
  const udp = [...settingsOf("collector").collector.udp, ...settingsOf("accounting").sessions.udp];
  const open = services.flatMap(({ ports = [] }) => ports).filter((port) => !port.startsWith("127.0.0.1:"));
  expect(open.sort()).toEqual(udp.map((at) => at.replace(/^.*:(\d+)$/, "$1:$1/udp")).sort());
});

test.each(services)("$name runs without root and privileges, within limits, and is asked for its health", (service) => {
  expect(service.user).toMatch(/^[1-9]\d*:\d+$/);
  expect(service.cap_drop).toEqual(["ALL"]);
  expect(service.security_opt).toEqual(["no-new-privileges:true"]);
  expect(service.mem_limit).toMatch(/^\d+[gm]$/);
  expect(service.cpus).toBeGreaterThan(0);
  // Ours are asked by the image's own HEALTHCHECK.
  if (service.image === "v6meter") expect(service.read_only).toBe(true);
  else expect(service.healthcheck?.test[0]).toBe("CMD");
});

test.each(services.filter(({ image }) => image !== "v6meter"))("$name: its image has a version", ({ image }) => {
  expect(image).toMatch(/^[a-z]+\/[a-z-]+:v?\d+\.\d+(\.\d+)?$/);
});

test("volumes, secrets and files that are used are there", () => {
  const used = services.flatMap(({ volumes = [] }) =>
    volumes.map((it) => it.replace(/^\$\{\w+:-([^}]*)\}/, "$1").split(":")[0] ?? ""),
  );
  const named = used.filter((it) => !it.startsWith("."));
  expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
  for (const path of used.filter((it) => it.startsWith(".")))
    expect(existsSync(join(import.meta.dirname, path)), path).toBe(true);
  const secrets = services.flatMap(({ secrets = [] }) => secrets);
  expect([...new Set(secrets)].sort()).toEqual(Object.keys(compose.secrets).sort());
});

const image = readFileSync(join(import.meta.dirname, "Dockerfile"), "utf8");

test("what the image copies is there, and holds every workspace's manifest", () => {
  const copied = [...image.matchAll(/^COPY (?!--from)(?:--parents )?(.*) \S+$/gm)].flatMap(([, paths = ""]) =>
    paths.split(" "),
  );
  for (const pattern of copied) expect(globSync(pattern, { cwd: ROOT }), pattern).not.toEqual([]);
  const manifests = globSync(
    copied.filter((it) => it.endsWith("package.json")),
    { cwd: ROOT },
  );
  const { workspaces } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { workspaces: string[] };
  expect(manifests).toEqual(expect.arrayContaining(workspaces.map((folder) => `${folder}/package.json`)));
});

test("the image runs a file that is there, as a user without rights, and asks for its health", () => {
  const [, program = ""] = /^ENTRYPOINT \["node", "\/app\/(.*)"\]$/m.exec(image) ?? [];
  expect(existsSync(join(ROOT, program))).toBe(true);
  expect(image.split("\n").lastIndexOf("USER node")).toBeGreaterThan(
    image.split("\n").findLastIndex((line) => line.startsWith("RUN") || line.startsWith("COPY")),
  );
  expect(image).toContain("HEALTHCHECK");
  const env = Object.fromEntries([...image.matchAll(/(V6METER_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  expect(loadSettings({ env, flags: {}, file: null }).origins.size).toBe(2);
});

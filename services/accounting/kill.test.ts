import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { balances, booked, openTestBus, PLATFORM_KEY, published, TestFolder } from "./accounting.test-data.ts";
import { Nas, request } from "./requests.test-data.ts";

const PROCESS = join(import.meta.dirname, "accounting.test-process.ts");

let folder: TestFolder;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = new TestFolder();
  folder.file("secret", "s3cret of the BRAS");
});
afterEach(() => {
  child?.kill("SIGKILL");
  folder.remove();
});

async function startProcess(): Promise<Nas> {
  const clients = folder.file("clients.yaml", "clients:\n  - { client: 127.0.0.1, secret_file: secret }\n");
  const args = [PROCESS, join(folder.path, "bus"), clients, PLATFORM_KEY];
  child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(child.stdout as NodeJS.ReadableStream, "data");
  return Nas.at(Number(String(port)));
}

async function kill(): Promise<void> {
  const gone = once(child as ChildProcess, "exit");
  child?.kill("SIGKILL");
  await gone;
}

const SESSIONS = 2_000;
/** Fewer than there are identifiers, so that an answer tells its request. */
const WAVE = 200;
const eventAtS = (session: number) => 1_790_000_000 + session;

/** Sends a wave and waits for some of its answers, or all; gives the sessions that are answered. */
async function sendWave(nas: Nas, wave: readonly number[], answers: number): Promise<number[]> {
  const before = nas.answers.length;
  for (const [identifier, session] of wave.entries())
    nas.send(request(identifier, { "Acct-Session-Id": `s${session}`, "Event-Timestamp": eventAtS(session) }));
  const identifiers = await nas.answered(before + answers);
  return identifiers.slice(before).map((identifier) => wave[identifier] as number);
}

test("of a process that is killed no answered event is lost, and what was not answered is taken by the next", async () => {
  let open = Array.from({ length: SESSIONS }, (_, session) => session);
  const killedWithout: number[] = [];
  for (const killedInWave of [3, 2, null]) {
    const nas = await startProcess();
    for (let wave = 1; open.length > 0; wave++) {
      const sent = open.slice(0, WAVE);
      const answered = new Set(await sendWave(nas, sent, wave === killedInWave ? 1 : sent.length));
      if (wave === killedInWave) {
        await kill();
        killedWithout.push(sent.length - answered.size);
      }
      open = open.filter((session) => !answered.has(session));
      if (wave === killedInWave) break;
    }
    nas.close();
  }
  await kill();
  expect(killedWithout).toHaveLength(2);
  const bus = await openTestBus(folder);
  const { events, ledger } = await published(bus, "test");
  await bus.stop();
  // Of what was on the bus and not answered yet there are two: an event is stored once by session, status and time.
  const times = new Set(events.map(({ event_at }) => event_at));
  expect(times.size).toBe(SESSIONS);
  expect(events.length).toBeGreaterThanOrEqual(SESSIONS);
  expect(booked(ledger, "forwarded")).toBe(events.length);
  expect(balances(ledger)).toBe(true);
});

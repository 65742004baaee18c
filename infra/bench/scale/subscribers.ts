import { Random } from "@v6meter/random";
import { SessionTable } from "@v6meter/sessions";
import { cpuNsPerUnit, cpuSeconds } from "./cpu.ts";
import { classifierOf, classifyPass, expectCount, flowRows, NOON_MS } from "./flows.ts";
import type { Part } from "./part.ts";
import { beginSessions, putAddress } from "./population.ts";

const LOOK_UPS = 1_048_576;
const CLASSIFIED_BATCHES = 4;
/** 2400:da00::1, in memory order. */
const SERVER_WORDS = [0x00da_0024, 0, 0, 0x0100_0000];

/** Sessions known to one process: look-ups, events, memory, and flows that are joined with them. */
export const subscribers: Part = {
  name: "subscribers",
  grows: "sessions",
  sizes: [1_000_000, 5_000_000, 15_000_000],
  quickSizes: [100_000, 1_000_000],
  baseline: 1_000_000,
  series: {
    look_up: {
      title: "look-ups of IPv6 addresses, each of another session",
      unit: "CPU-ns/look-up",
      cause: "two lines of memory that are in no cache, and at few sessions in part are",
    },
    classify: {
      title: "classify with sessions, each row of another one",
      unit: "CPU-ns/row",
      cause: "the look-ups in it",
    },
    begin: {
      title: "events that begin sessions",
      unit: "CPU-ns/event",
      cause: "what it writes to outgrows the cache, line by line",
    },
    memory: { title: "memory of the table", unit: "bytes/session" },
  },
  async prepare(size, { seed, roundMs }) {
    const table = new SessionTable({ slots: 65_536, windowMs: 3_600_000, graceMs: 2_000, seed });
    const startedAt = cpuSeconds();
    beginSessions(table, size);
    const begin = ((cpuSeconds() - startedAt) / size) * 1e9;
    expectCount("sessions", table.size, size);

    const random = new Random(seed);
    const words = new Uint32Array(LOOK_UPS * 4);
    for (let row = 0; row < LOOK_UPS; row++) putAddress(words, row * 4, random.below(size), random.below(256));
    const wanted = {
      words,
      port: new Uint16Array(LOOK_UPS).fill(40_000),
      network: new Int32Array(LOOK_UPS),
      atMs: new Float64Array(LOOK_UPS).fill(NOON_MS),
    };
    const found = new Int32Array(LOOK_UPS);
    const lookUp = () => {
      table.findAll(wanted, LOOK_UPS, found);
      let missing = 0;
      for (let row = 0; row < LOOK_UPS; row++) missing += Number((found[row] as number) < 0);
      expectCount("look-ups that found no session", missing, 0);
      return LOOK_UPS;
    };

    const batches = flowRows(seed, CLASSIFIED_BATCHES, 16);
    for (const { columns, rows } of batches) {
      const source = new Uint32Array(columns.src_addr.buffer);
      const destination = new Uint32Array(columns.dst_addr.buffer);
      for (let row = 0; row < rows; row++) {
        putAddress(source, row * 4, random.below(size), random.below(256));
        destination.set(SERVER_WORDS, row * 4);
        columns.src_port[row] = 40_000;
        columns.dst_port[row] = 443;
      }
    }
    const classifier = classifierOf({ sessions: table });
    const classify = classifyPass(classifier, batches);
    const joined = () => {
      const before = classifier.totals.sessionRows;
      const rows = classify();
      expectCount("rows with a session", classifier.totals.sessionRows - before, rows);
      return rows;
    };
    return {
      once: { begin, memory: table.totals.bytes / size },
      round: () => ({ look_up: cpuNsPerUnit(lookUp, roundMs), classify: cpuNsPerUnit(joined, roundMs) }),
    };
  },
};

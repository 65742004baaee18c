import { setTimeout as sleep } from "node:timers/promises";
import { Fault, formatHostPort, type HostPort, parseHostPort } from "@v6meter/schemas";
import type { CollectorCounts } from "../collector.ts";
import type { Collectors, CollectorsOptions } from "../collectors.ts";
import { checkFree } from "../udp.ts";
import { Coordinator } from "./coordinator.ts";
import { ForkedCollector } from "./forked-collector.ts";

/** Processes whose parent was killed publish what they have and end: their addresses are free within this time. */
const FREE_WITHIN_MS = 6_000;
const FREE_LOOK_MS = 100;
const RESPAWN_MIN_MS = 100;
const RESPAWN_MAX_MS = 5_000;
/** So many in a row that listened no longer than this are no accident: the collectors give up. */
const EARLY_DEATHS_MAX = 5;
const EARLY_MS = 10_000;
const ADOPT_EVERY_MS = 10_000;

interface Slot {
  readonly index: number;
  collector: ForkedCollector | null;
  respawn: NodeJS.Timeout | undefined;
}

/** Several collectors, a process each, that share their addresses and the bus; one that ends is started again. */
export function createCollectorProcesses({ config, busPath, logger, onExit }: CollectorsOptions): Collectors {
  const collectors = new Map<number, ForkedCollector>();
  const slots: Slot[] = Array.from({ length: config.collector.processes }, (_, index) => ({
    index,
    collector: null,
    respawn: undefined,
  }));
  const coordinator = new Coordinator({
    maxExporters: config.collector.max_exporters,
    tell: (id, message) => collectors.get(id)?.tell(message),
  });
  let earlyDeaths = 0;
  let lastId = 0;
  let addresses: readonly HostPort[] = [];
  let restarts = 0;
  let ended: CollectorCounts | null = null;
  let adopting: NodeJS.Timeout | undefined;
  let state: "starting" | "running" | "stopping" = "starting";

  const running = () => [...collectors.values()].filter(({ isRunning }) => isRunning);

  function spawn(slot: Slot, udp: readonly string[], first = false): ForkedCollector {
    const id = ++lastId;
    const name = `collector-${slot.index + 1}`;
    const collector = new ForkedCollector({
      name,
      start: { kind: "start", config, busPath, name, udp, first },
      onMessage: (message) => {
        if (message.kind === "started") coordinator.join(id);
        else coordinator.hear(id, message, Date.now());
      },
    });
    slot.collector = collector;
    collectors.set(id, collector);
    void collector.gone.then(() => {
      collectors.delete(id);
      coordinator.leave(id, Date.now());
      if (collector.counts) ended = addCounts([ended, { ...collector.counts, queuedBytes: 0, trouble: null }]);
      if (state === "running") onDeath(slot, collector);
    });
    return collector;
  }

  function onDeath(slot: Slot, { failure, livedMs }: ForkedCollector): void {
    slot.collector = null;
    earlyDeaths = livedMs < EARLY_MS ? earlyDeaths + 1 : 0;
    if (earlyDeaths >= EARLY_DEATHS_MAX) {
      state = "stopping";
      const says = `${EARLY_DEATHS_MAX} collectors in a row ended soon after their start; the last: ${failure.message}`;
      onExit(new Fault(failure.code, says));
      return;
    }
    restarts++;
    const waitMs = Math.min(RESPAWN_MIN_MS * 2 ** earlyDeaths, RESPAWN_MAX_MS);
    logger.error({ restart_in_ms: waitMs }, `${failure.message}; it is started again`);
    slot.respawn = setTimeout(() => spawn(slot, addresses.map(formatHostPort)), waitMs);
  }

  async function start(): Promise<void> {
    await addressesFree(config.collector.udp);
    try {
      const [first, ...others] = slots as [Slot, ...Slot[]];
      addresses = await spawn(first, config.collector.udp, true).ready;
      // Port 0 was the system's choice for the first; the others have the same.
      const udp = addresses.map(formatHostPort);
      await Promise.all(others.map((slot) => spawn(slot, udp).ready));
      const gone = slots.find(({ collector }) => !collector?.isRunning);
      if (gone) throw gone.collector?.failure;
    } catch (error) {
      state = "stopping";
      const all = [...collectors.values()];
      for (const collector of all) collector.kill();
      await Promise.all(all.map(({ gone }) => gone));
      throw error;
    }
    state = "running";
    adopting = setInterval(() => coordinator.adopt(Date.now()), ADOPT_EVERY_MS);
  }

  /** All read what has arrived, then hand on and take until nothing is on its way, then publish and end. */
  async function stop(): Promise<void> {
    state = "stopping";
    clearInterval(adopting);
    for (const { respawn } of slots) clearTimeout(respawn);
    const all = [...collectors.values()];
    await Promise.allSettled(all.map(({ ready }) => ready));
    const working = running();
    let before: number;
    do {
      before = coordinator.activity;
      await Promise.all(running().map((collector) => collector.close()));
    } while (coordinator.activity !== before && running().length > 0);
    for (const collector of running()) collector.tell({ kind: "finish" });
    await Promise.all(all.map(({ gone }) => gone));
    const failed = working.find(({ hasFinished }) => !hasFinished);
    if (failed) throw failed.failure;
    logger.debug({ counts: ended }, "the collectors have stopped");
  }

  return {
    name: "collectors",
    get addresses() {
      return addresses;
    },
    counts: () => addCounts([ended, ...[...collectors.values()].map(({ counts }) => counts)]),
    processes: () => ({
      running: running().length,
      pids: running().map(({ pid }) => pid),
      restarts,
      claims: coordinator.claims,
      ...coordinator.counts,
    }),
    start,
    stop,
  };
}

/** Throws ADDRESS_IN_USE where somebody else has an address, who would be given a part of the datagrams. */
async function addressesFree(udp: readonly string[]): Promise<void> {
  const giveUpAt = performance.now() + FREE_WITHIN_MS;
  for (const text of udp) {
    for (;;) {
      try {
        await checkFree(parseHostPort(text) as HostPort);
        break;
      } catch (error) {
        const { code } = (error as Fault).cause as NodeJS.ErrnoException;
        if (code !== "EADDRINUSE" || performance.now() > giveUpAt) throw error;
        await sleep(FREE_LOOK_MS);
      }
    }
  }
}

/** Sums of what several collectors did; null where none has told anything. */
function addCounts(all: readonly (CollectorCounts | null)[]): CollectorCounts | null {
  const [first, ...others] = all.filter((counts) => counts !== null);
  if (!first) return null;
  const sum = { ...first };
  for (const { trouble, ...counts } of others) {
    sum.trouble ??= trouble;
    for (const [name, count] of Object.entries(counts)) sum[name as keyof typeof counts] += count;
  }
  return sum;
}

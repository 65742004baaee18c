import { askApi } from "@v6meter/accuracy/ask";
import type { api } from "@v6meter/schemas";
import { fillUsersMonth, USERS_MONTH } from "../users-month.ts";
import { cpuSeconds } from "./cpu.ts";
import { openTemporaryStore } from "./engine.ts";
import { expectCount } from "./flows.ts";
import type { Part } from "./part.ts";

/** Three deviations of a state of unique subscribers, and what its cells add. */
const STATE_ERROR_RATIO = 0.01;

/** Active users of a month, told from states of unique subscribers. */
export const users: Part = {
  name: "users",
  grows: "active users of the month",
  sizes: [1_000_000, 5_000_000, 15_000_000],
  quickSizes: [100_000, 1_000_000],
  baseline: 1_000_000,
  series: {
    answer: {
      title: "active users by region and operator",
      unit: "CPU-ms/answer",
      cause: "states of few users are small and exact; from some hundred thousand a cell on they have one size",
    },
    answer_million: {
      title: "the same, each million of users",
      unit: "CPU-ms/million users",
      cause: "a state has one size however many it counts, so that more users cost nothing more",
    },
    states: {
      title: "states of a month on the disk",
      unit: "bytes",
      cause: "states of few users are small and exact; from some hundred thousand a cell on they have one size",
    },
  },
  async prepare(size, { seed }) {
    const engine = await openTemporaryStore();
    await fillUsersMonth(engine.store.engine, size, seed);
    await engine.run("OPTIMIZE TABLE users_1mo FINAL");
    const [diskBytes] = await engine.figures(
      "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'users_1mo'",
    );
    const ask = askApi(engine.store);
    return {
      once: { states: diskBytes as number },
      async round() {
        const startedAt = cpuSeconds();
        const found = await ask<api.ActiveUsers>(`/api/v1/users/active?month=${USERS_MONTH}&by=region,operator`);
        const answer = (cpuSeconds() - startedAt) * 1_000;
        const error = Math.abs((found.total.users ?? 0) - size) / size;
        expectCount("answers further from the users than a state errs", Number(error > STATE_ERROR_RATIO), 0);
        return { answer, answer_million: (answer * 1_000_000) / size };
      },
      stop: () => engine.stop(),
    };
  },
};

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { busContract } from "../contract.ts";
import { openEmbeddedBus } from "./bus.ts";

busContract(
  "the embedded bus",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "v6meter-bus-"));
    return {
      open: ({ maxBytes = 100_000_000 } = {}) =>
        openEmbeddedBus({ path: join(folder, "bus"), partitions: 4, maxBytes }),
      remove: () => rm(folder, { recursive: true }),
    };
  },
  { bounded: true, exactLag: true },
);

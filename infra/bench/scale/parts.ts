import { cores } from "./cores.ts";
import { exporters } from "./exporters.ts";
import { inserts } from "./inserts.ts";
import type { Part } from "./part.ts";
import { prefixes } from "./prefixes.ts";
import { rollups } from "./rollups.ts";
import { subscribers } from "./subscribers.ts";
import { templates } from "./templates.ts";
import { users } from "./users.ts";

/** Every part of the benchmark, in the order they run; each is named as its file is. */
export const PARTS: readonly Part[] = [exporters, templates, prefixes, subscribers, inserts, users, rollups, cores];

import { Fault } from "@v6meter/schemas";
import type { Costs, Part, Subject } from "./part.ts";

/** What is asked of a process: to measure a round, or to end. */
export type Order = "round" | "stop";

/** What it answers: that it is set up, with what that cost; a round; or that a count was wrong. */
export type Told = { readonly costs: Costs } | { readonly failure: string };

/** One size of a part in a process of its own, so that sizes share neither memory nor compiled code; started by turns.ts. */
const [name, size, seed, roundMs] = process.argv.slice(2);
let subject: Subject | undefined;

async function tell(work: () => Promise<Costs>): Promise<void> {
  let told: Told;
  try {
    told = { costs: await work() };
  } catch (error) {
    told = { failure: error instanceof Fault ? error.message : String((error as Error).stack) };
  }
  process.send?.(told);
}

async function end(): Promise<never> {
  await subject?.stop?.();
  process.exit(0);
}

process.on("message", (order: Order) => {
  if (order === "stop") void end();
  else void tell(async () => (await subject?.round()) ?? {});
});
process.once("disconnect", () => void end());

await tell(async () => {
  // Its own file alone: the others bring the engine and the API with them.
  const { [name as string]: part } = (await import(`./${name}.ts`)) as Record<string, Part>;
  subject = await part?.prepare(Number(size), { seed: Number(seed), roundMs: Number(roundMs) });
  return subject?.once ?? {};
});

import { openKafkaBus } from "./bus.ts";

// Begins a cut, tells its token, and commits it once a line comes in: the parent stops this process meanwhile.
const bus = await openKafkaBus({ config: JSON.parse(process.argv[2] as string) });
const consumer = await bus.consumer({ topic: "v6meter.flows", group: "group" });
const delivery = await consumer.receive({ maxMessages: 1, maxBytes: 1_000_000, waitMs: 30_000 });
if (!delivery) throw new Error("no delivery came");
await consumer.begin(delivery);
process.send?.({ token: delivery.token });
process.once("message", async () => {
  const code = await consumer.commit(delivery).then(
    () => "committed",
    (error: { code?: string }) => error.code ?? String(error),
  );
  process.send?.({ code }, () => process.exit());
});

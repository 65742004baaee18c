import { Counter, Gauge, type Registry } from "prom-client";
import type { LiveFigures } from "./live.ts";

/** Puts the figures into a registry of Prometheus, each under its name, help and labels. */
export function putFigures(registry: Registry, figures: LiveFigures): void {
  for (const { name, help, kind, values } of figures) {
    const labelNames = Object.keys(values[0]?.labels ?? {});
    const Kind = kind === "counter" ? Counter : Gauge;
    const metric = new Kind({ name, help, labelNames, registers: [registry] });
    for (const { labels = {}, value } of values) metric.inc(labels, value);
  }
}

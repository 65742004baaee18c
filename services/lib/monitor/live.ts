/** One figure of a running process, as Prometheus knows it. */
export interface LiveFigure {
  /** `v6meter_…` with its unit, `_total` at the end of a counter. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  /** Every series of a figure has the same label names. */
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What the process knows of itself beside the books: lag of the bus, sizes, rates. */
export type LiveFigures = readonly LiveFigure[];

/** What one unit cost, by the name of the series. */
export type Costs = Readonly<Record<string, number>>;

/** One size of a part, set up to be measured. */
export interface Subject {
  /** Costs that are measured in setting up. */
  readonly once?: Costs;
  /** Measures one round. Throws an INTERNAL fault where a count is not what it must be. */
  round(): Costs | Promise<Costs>;
  stop?(): Promise<void>;
}

export interface SubjectOptions {
  readonly seed: number;
  /** How long each measurement of a round goes on, about. */
  readonly roundMs: number;
}

/** A cost as it is told. */
export interface Series {
  readonly title: string;
  readonly unit: string;
  /** Why it may grow with the size where it does: what is known of the cause. */
  readonly cause?: string;
}

/** One quantity that grows while all else stays. */
export interface Part {
  readonly name: string;
  /** What the sizes count. */
  readonly grows: string;
  readonly sizes: readonly number[];
  readonly quickSizes: readonly number[];
  /** The smallest size that is real, which the others are compared with; that of the quick sizes where it is none of them. */
  readonly baseline: number;
  readonly series: Readonly<Record<string, Series>>;
  prepare(size: number, options: SubjectOptions): Promise<Subject>;
}

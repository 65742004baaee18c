/** What one step of a search found. */
export interface Step {
  /** Records a second that were really sent. */
  readonly sentPerS: number;
  readonly lost: boolean;
}

/** The highest rate without a loss, as far as it was looked for. */
export interface HighestRate {
  /** Records a second of the fastest step without a loss; null where the first one lost. */
  readonly recordsPerS: number | null;
  /** The sender went no faster: the tool may. */
  readonly bySender: boolean;
}

/** Below this part of what was asked for, the sender is at its end. */
const SENT_RATIO = 0.8;
/** Halvings, by ratio, between the fastest step without and the slowest with a loss: the rest of a doubling is 19 %. */
const HALVINGS = 2;

/** Doubles the rate until a step loses or the sender goes no faster, then halves what lies between. */
export async function highestRate(from: number, step: (ratePerS: number) => Promise<Step>): Promise<HighestRate> {
  let best: number | null = null;
  let [kept, failed] = [0, from];
  for (;;) {
    const { sentPerS, lost } = await step(failed);
    if (lost) break;
    best = Math.max(best ?? 0, sentPerS);
    if (sentPerS < failed * SENT_RATIO) return { recordsPerS: best, bySender: true };
    [kept, failed] = [failed, failed * 2];
  }
  if (best === null) return { recordsPerS: null, bySender: false };
  for (let i = 0; i < HALVINGS; i++) {
    const rate = Math.sqrt(kept * failed);
    const { sentPerS, lost } = await step(rate);
    if (lost) failed = rate;
    else [kept, best] = [rate, Math.max(best, sentPerS)];
  }
  return { recordsPerS: best, bySender: false };
}

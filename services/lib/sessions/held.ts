/** What one session holds, told out: key, class and kind of each holding, and when it was. One serves many sessions. */
export class Held {
  count = 0;
  readonly high: number[] = [];
  readonly low: number[] = [];
  readonly keyClass: number[] = [];
  readonly kind: number[] = [];
  readonly begin: number[] = [];
  /** With its session at the latest. */
  readonly end: number[] = [];
}

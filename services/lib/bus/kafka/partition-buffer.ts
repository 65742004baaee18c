import type { Message, ReceiveLimits } from "../port.ts";

/** First and last offset of a cut that was begun and not committed. */
export type CutRange = readonly [first: number, last: number];

/** Messages of one assigned partition that were fetched and not delivered yet. */
export class PartitionBuffer {
  readonly partition: number;
  readonly #messages: Message[] = [];
  /** What the group wrote down; undefined while it is not known yet. */
  cut: CutRange | null | undefined;
  /** A delivery of it is out. */
  out = false;
  paused = false;
  bytes = 0;
  /** Where the next batch must begin; null while it is not known yet. */
  next: number | null = null;
  /** It was sought after a batch that began elsewhere; one that still does tells of messages that are gone. */
  sought = false;

  constructor(partition: number) {
    this.partition = partition;
  }

  /**
   * Whether a batch goes on where the last one ended. One of an earlier assignment, which may still be on
   * its way after a rebalance, does not: taking it would leave messages out.
   */
  follows(fetchedOffset: number): boolean {
    return this.next !== null && (fetchedOffset === this.next || (this.sought && fetchedOffset > this.next));
  }

  put(message: Message): void {
    this.#messages.push(message);
    this.bytes += message.value.length;
  }

  /** Whether more must be fetched whatever is buffered: a cut is repeated whole. */
  get isIncomplete(): boolean {
    const last = this.#messages.at(-1)?.offset ?? -1;
    return this.cut !== null && (this.cut === undefined || last < this.cut[1]);
  }

  /** The next messages to deliver, the cut first; null where there are none yet. */
  take(limits: ReceiveLimits): { messages: Message[]; repeated: boolean } | null {
    if (this.out || this.cut === undefined || this.isIncomplete) return null;
    if (this.cut) {
      const [, last] = this.cut;
      const messages = this.#shift((message) => message.offset <= last);
      this.cut = null;
      // Retention may have deleted it before anyone repeated it.
      if (messages.length > 0) return { messages, repeated: true };
    }
    let bytes = 0;
    let count = 0;
    const messages = this.#shift(({ value }) => {
      if (count > 0 && (count >= limits.maxMessages || bytes + value.length > limits.maxBytes)) return false;
      bytes += value.length;
      count++;
      return true;
    });
    return messages.length > 0 ? { messages, repeated: false } : null;
  }

  #shift(wanted: (message: Message) => boolean): Message[] {
    const at = this.#messages.findIndex((message) => !wanted(message));
    const taken = this.#messages.splice(0, at < 0 ? this.#messages.length : at);
    for (const { value } of taken) this.bytes -= value.length;
    return taken;
  }
}

import type { Bus, Message, MessageValue, OutgoingMessage } from "@v6meter/bus";
import { Fault, TOPICS } from "@v6meter/schemas";

/** A message of the spool and the partition it came from. */
export interface Spooled {
  readonly partition: number;
  readonly message: Message;
  /** Its value as it goes on: whole, or in parts where the bus does not take the whole. */
  readonly values: readonly MessageValue[];
}

/**
 * How far each partition of a spool has been published to a bus, as the bus itself says: a position is
 * written in the publish that carries the messages before it.
 */
export class ForwardedPositions {
  readonly #bus: Bus;
  readonly #spoolId: string;
  #offsets = new Map<number, number>();

  constructor(bus: Bus, spoolId: string) {
    this.#bus = bus;
    this.#spoolId = spoolId;
  }

  /** Reads what the bus says. Throws BUS_INVALID for a position that cannot be read, and what the bus throws. */
  async read(): Promise<void> {
    const latest = await this.#bus.latest(TOPICS.positions.name);
    const offsets = new Map<number, number>();
    for (let partition = 0; partition < this.#bus.partitions; partition++) {
      const value = latest.get(this.#key(partition));
      if (value) offsets.set(partition, this.#parse(value, partition));
    }
    this.#offsets = offsets;
  }

  /** The last offset of the partition that was published, or -1. */
  of(partition: number): number {
    return this.#offsets.get(partition) ?? -1;
  }

  isPublished({ partition, message }: Spooled): boolean {
    return message.offset <= this.of(partition);
  }

  /** What to publish beside the messages, of which those of a partition are in order. */
  behind(spooled: readonly Spooled[]): OutgoingMessage[] {
    return [...lastOffsets(spooled)].map(([partition, offset]) => ({
      topic: TOPICS.positions.name,
      key: this.#key(partition),
      value: new TextEncoder().encode(JSON.stringify({ offset })),
    }));
  }

  /** The messages are published, with what `behind` made of them. */
  advance(spooled: readonly Spooled[]): void {
    for (const [partition, offset] of lastOffsets(spooled)) this.#offsets.set(partition, offset);
  }

  #key(partition: number): string {
    return `${this.#spoolId}/${partition}`;
  }

  #parse(value: Uint8Array, partition: number): number {
    const text = new TextDecoder().decode(value);
    let offset: unknown;
    try {
      offset = (JSON.parse(text) as { offset?: unknown } | null)?.offset;
    } catch {}
    if (Number.isSafeInteger(offset) && (offset as number) >= 0) return offset as number;
    const where = `The position ${this.#key(partition)} in ${TOPICS.positions.name} of bus ${this.#bus.busId}`;
    throw new Fault("BUS_INVALID", `${where} is ${text.slice(0, 100)}; allowed is {"offset": NUMBER}.`);
  }
}

function lastOffsets(spooled: readonly Spooled[]): Map<number, number> {
  return new Map(spooled.map(({ partition, message }) => [partition, message.offset]));
}

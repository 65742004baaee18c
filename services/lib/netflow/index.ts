/**
 * NetFlow v1, v5, v7, v9 and IPFIX to columns. Pure: datagrams and times are given, rows, books and state are
 * taken; nothing is read from a socket, a clock or a disk.
 *
 *   const decoder = createDecoder();
 *   decoder.restore(stateOfTheLastRun);
 *   decoder.decode(datagram, exporter, sourcePort, receivedAtMs, sink); // rows go to sink.batch
 *   decoder.expire(nowMs);
 *   publish(sink.batch, decoder.takeLedger(), decoder.takeStatus(), decoder.takeState());
 *
 * A datagram goes through datagram.ts (header.ts, template.ts), exporter.ts (sessions, templates, parking.ts,
 * sequence.ts, domain.ts) and data-set.ts, which runs the plan of the template (record-plan.ts) over the records.
 */
export { createDecoder, type Decoder, type DecoderTotals } from "./decoder.ts";
export { DEFAULT_DECODER_OPTIONS, type DecoderOptions, type TemplateSourcePort } from "./options.ts";
export type { FlowSink } from "./sink.ts";

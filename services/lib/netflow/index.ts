export type { DecoderTotals } from "./datagram.ts";
export { createDecoder, type Decoder } from "./decoder.ts";
export { DEFAULT_DECODER_OPTIONS, type DecoderOptions, type TemplateSourcePort } from "./options.ts";
export type { FlowSink } from "./sink.ts";

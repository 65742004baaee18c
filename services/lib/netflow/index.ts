export { createDecoder, type Decoder, type DecoderTotals } from "./decoder.ts";
export { DEFAULT_DECODER_OPTIONS, type DecoderOptions, type TemplateSourcePort } from "./options.ts";
export type { FlowSink } from "./sink.ts";

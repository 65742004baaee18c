import type { MessageHeader } from "apache-arrow";
import { FlatTable } from "./flatbuffer.ts";

/** One encapsulated message of an Arrow IPC stream. */
export interface ArrowMessage {
  readonly headerType: MessageHeader;
  /** Table Schema, DictionaryBatch or RecordBatch of Arrow's Schema.fbs and Message.fbs. */
  readonly header: FlatTable;
  readonly body: Uint8Array;
}

const CONTINUATION = 0xffffffff;

// Slots of table Message (Message.fbs).
const HEADER_TYPE = 1;
const HEADER = 2;
const BODY_LENGTH = 3;

/**
 * The messages of a whole Arrow IPC stream, up to its end-of-stream marker (Arrow columnar format,
 * "Encapsulated message format"). Throws an Error with a sentence on a stream that is cut short, has
 * no such marker, or goes on behind it.
 */
export function* readMessages(bytes: Uint8Array): Generator<ArrowMessage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (;;) {
    if (at + 8 > bytes.length) throw new Error(`the stream is cut short at byte ${at}`);
    if (view.getUint32(at, true) !== CONTINUATION) throw new Error(`byte ${at} does not start an Arrow message`);
    const headerLength = view.getUint32(at + 4, true);
    at += 8;
    if (headerLength === 0) break;
    if (headerLength > bytes.length - at) throw new Error(`the message header at byte ${at} is cut short`);
    const message = FlatTable.root(bytes.subarray(at, at + headerLength));
    at += headerLength;
    const bodyLength = message.i64(BODY_LENGTH);
    if (bodyLength < 0 || bodyLength > bytes.length - at)
      throw new Error(`the message body at byte ${at} is cut short`);
    const header = message.table(HEADER);
    if (header === null) throw new Error(`the message before byte ${at} has no header`);
    yield { headerType: message.u8(HEADER_TYPE), header, body: bytes.subarray(at, at + bodyLength) };
    at += bodyLength;
  }
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes follow the end of the stream`);
}

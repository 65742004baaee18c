/** What stages count. */
export const BOOK_UNITS = {
  datagrams: { zh: "报文", en: "datagrams" },
  sets: { zh: "集合", en: "sets" },
  records: { zh: "流记录", en: "records" },
  rows: { zh: "行", en: "rows" },
  packets: { zh: "计费报文", en: "packets" },
  events: { zh: "会话事件", en: "events" },
} as const;
export type BookUnit = keyof typeof BOOK_UNITS;

/** What sequence numbers count, by the exporter's version: v9 datagrams; v5 flows and IPFIX data records. */
export const SEQUENCE_UNITS = ["datagrams", "records"] as const satisfies readonly BookUnit[];

/**
 * The books. At every stage, per exporter: received = forwarded + held + dropped(reason).
 * Every count is a delta that travels with the batch it belongs to, so that a sum over the
 * ledger is right after any crash.
 */
export const STAGES = {
  receive: { unit: "datagrams", zh: "接收", en: "Receive", about: "datagrams from the socket to the decoder" },
  decode: {
    unit: "sets",
    zh: "解码",
    en: "Decode",
    about: "sets of datagrams (a v1, v5 or v7 body is one set) read by the decoder",
  },
  publish: { unit: "records", zh: "发布", en: "Publish", about: "flow records from the decoder to the bus" },
  classify: { unit: "records", zh: "分类", en: "Classify", about: "flow records from the bus to the store" },
  write: { unit: "rows", zh: "入库", en: "Write", about: "rows written to the table flows" },
  account: {
    unit: "packets",
    zh: "计费报文",
    en: "Accounting",
    about:
      "accounting requests and lines of batch files, from the socket or file to the bus (booked to the RADIUS client)",
  },
  record: { unit: "events", zh: "会话入库", en: "Sessions", about: "session events from the bus to the store" },
} as const satisfies Record<string, { unit: BookUnit; zh: string; en: string; about: string }>;
export type LedgerStage = keyof typeof STAGES;

/**
 * What became of a unit. `held` is a delta of a level (+ when parked, - when released). `lost`,
 * `reordered` and `duplicated` stand under stage `receive`, are told by sequence numbers and counted
 * in the unit of the exporter's version (v5 flows, v9 datagrams, IPFIX data records); they are
 * beside the identity, not in it. `expected` counts what the same numbers say was sent.
 */
export const OUTCOMES = [
  "received",
  "forwarded",
  "held",
  "dropped",
  "expected",
  "lost",
  "reordered",
  "duplicated",
] as const;
export type LedgerOutcome = (typeof OUTCOMES)[number];

/** Why a unit was dropped. A reason belongs to one stage; reasons retire, they never change meaning. */
export const DROP_REASONS = {
  kernel_buffer: {
    stage: "receive",
    en: "The socket's receive buffer was full (booked to exporter ::).",
    zh: "套接字接收缓冲区已满",
  },
  queue_full: { stage: "receive", en: "The collector's own queue was full.", zh: "采集器队列已满" },
  too_many_exporters: { stage: "receive", en: "A new exporter beyond the allowed number.", zh: "导出器数量超限" },
  header_short: { stage: "receive", en: "The datagram is shorter than its version's header.", zh: "报文短于版本头部" },
  version_unknown: { stage: "receive", en: "The version is none of 1, 5, 7, 9 and 10.", zh: "未知协议版本" },
  version_unsupported: {
    stage: "receive",
    en: "A version the chosen decoder does not read (node-netflowv9: IPFIX).",
    zh: "所选解码器不支持的协议版本",
  },
  count_mismatch: {
    stage: "receive",
    en: "A v1, v5 or v7 header counts more records than the datagram holds.",
    zh: "头部记录数与长度不符",
  },
  length_mismatch: { stage: "receive", en: "An IPFIX message length is below its header's.", zh: "IPFIX长度字段错误" },
  duplicate_datagram: {
    stage: "receive",
    en: "The same bytes with the same sequence number arrived a moment before.",
    zh: "重复报文",
  },
  set_length: {
    stage: "decode",
    en: "A set's length is below 4 or runs over the datagram: the rest was dropped.",
    zh: "集合长度错误",
  },
  set_id_reserved: { stage: "decode", en: "A set id between the template ids and 256.", zh: "保留的集合编号" },
  template_malformed: { stage: "decode", en: "A template set that does not parse.", zh: "模板格式错误" },
  template_limit: { stage: "decode", en: "A template beyond the exporter's limit.", zh: "模板数量超限" },
  record_overrun: {
    stage: "decode",
    en: "A record runs over the end of its set: the rest of the set was dropped.",
    zh: "记录超出集合",
  },
  template_zero_length: {
    stage: "decode",
    en: "Data for a template whose records have no length.",
    zh: "零长度模板的数据",
  },
  no_template_expired: { stage: "decode", en: "Its template did not come in time.", zh: "等待模板超时" },
  no_template_overflow: {
    stage: "decode",
    en: "Parked data beyond the exporter's limit: the oldest is dropped.",
    zh: "等待模板的缓存已满",
  },
  bus_full: { stage: "publish", en: "The bus would take no more.", zh: "总线已满" },
  client_unknown: {
    stage: "account",
    en: "No RADIUS client is registered for the source address.",
    zh: "未登记的RADIUS客户端",
  },
  accounting_malformed: {
    stage: "account",
    en: "Not a well-formed RADIUS packet: length, code or an attribute's length (RFC 2866 section 3).",
    zh: "RADIUS报文格式错误",
  },
  authenticator_wrong: {
    stage: "account",
    en: "The request authenticator does not fit the client's shared secret.",
    zh: "请求鉴别码不符",
  },
  accounting_duplicate: {
    stage: "account",
    en: "The same request again: answered, not counted twice (RFC 2866 section 2; RFC 5080 section 2.2.2).",
    zh: "重复请求",
  },
  status_type_unknown: {
    stage: "account",
    en: "An Acct-Status-Type that is none of 1, 2, 3, 7 and 8.",
    zh: "未知计费状态类型",
  },
  session_untold: {
    stage: "account",
    en: "No Acct-Session-Id or no NAS: the session cannot be named.",
    zh: "缺少会话标识",
  },
  identity_untold: { stage: "account", en: "None of the attributes that hold the identity.", zh: "缺少用户标识" },
  line_malformed: { stage: "account", en: "A line of a batch file that does not parse.", zh: "批量文件行格式错误" },
  sessions_queue_full: {
    stage: "account",
    en: "The session collector's own queue was full; not answered, so it is sent again.",
    zh: "会话采集队列已满",
  },
  sessions_kernel_buffer: {
    stage: "account",
    en: "The socket's receive buffer was full; not answered, so it is sent again (booked to client ::).",
    zh: "计费套接字接收缓冲区已满",
  },
  sessions_unreadable: { stage: "record", en: "A message of the bus that does not parse.", zh: "总线会话消息无法解析" },
  batch_unreadable: { stage: "classify", en: "A message of the bus that does not parse.", zh: "总线消息无法解析" },
} as const satisfies Record<string, { stage: LedgerStage; en: string; zh: string }>;
export type DropReason = keyof typeof DROP_REASONS;
export const DROP_REASON_NAMES = Object.keys(DROP_REASONS) as DropReason[];

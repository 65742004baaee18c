/**
 * The catalogue of faults: what can stop a command or refuse a request, in one sentence each.
 * Codes retire, they never return with another meaning. Bad packets are not faults: they are
 * counted (see DROP_REASONS).
 */
export const FAULTS = {
  CONFIG_INVALID: { retry: false, en: "A setting is wrong or unknown.", zh: "配置项错误或未知。" },
  CONFIG_UNREADABLE: { retry: false, en: "The configuration file cannot be read.", zh: "无法读取配置文件。" },
  NODE_TOO_OLD: { retry: false, en: "The program needs a newer Node.js.", zh: "Node.js 版本过低。" },
  REGISTRY_INVALID: {
    retry: false,
    en: "A registry file has an error; the registry in force stays.",
    zh: "登记文件有误，沿用现行登记。",
  },
  BUS_FULL: { retry: true, en: "The bus holds as much as its setting allows.", zh: "总线已达到容量上限。" },
  BUS_UNREACHABLE: { retry: true, en: "The bus does not answer.", zh: "总线无响应。" },
  BUS_MESSAGE_LARGE: {
    retry: false,
    en: "A message is larger than the bus takes.",
    zh: "消息超出总线允许的大小。",
  },
  BUS_INVALID: {
    retry: false,
    en: "The bus's files are not this program's or are damaged.",
    zh: "总线数据文件损坏或不属于本程序。",
  },
  BUS_CUT_LOST: {
    retry: true,
    en: "Another member of the consumer group has taken the partition over; its messages are that member's to store.",
    zh: "分区已由同组其他成员接管。",
  },
  BATCH_UNREADABLE: {
    retry: false,
    en: "A message is not an Arrow stream of flow records.",
    zh: "消息不是流记录的Arrow流。",
  },
  STORE_UNREACHABLE: { retry: true, en: "The store does not answer.", zh: "存储无响应。" },
  STORE_REFUSED: { retry: false, en: "The store refused a statement.", zh: "存储拒绝执行语句。" },
  STORE_INVALID: {
    retry: false,
    en: "The store's tables are not what the migrations make.",
    zh: "存储中的表与迁移结果不符。",
  },
  MIGRATION_CHANGED: {
    retry: false,
    en: "A migration that was applied has been changed since.",
    zh: "已执行的迁移文件被修改。",
  },
  DATA_IN_USE: {
    retry: false,
    en: "The data folder belongs to another running process.",
    zh: "数据目录被其他进程占用。",
  },
  ADDRESS_IN_USE: {
    retry: false,
    en: "An address to listen on is taken or not allowed.",
    zh: "监听地址被占用或不可用。",
  },
  CAPTURE_UNREADABLE: { retry: false, en: "The file is not a capture that can be read.", zh: "无法读取抓包文件。" },
  QUERY_INVALID: { retry: false, en: "A parameter of the request is wrong.", zh: "请求参数错误。" },
  QUERY_REFUSED: {
    retry: false,
    en: "The statement is not a read-only query within the limits.",
    zh: "语句不是受限范围内的只读查询。",
  },
  UNAUTHORIZED: { retry: false, en: "A valid key is needed.", zh: "需要有效的密钥。" },
  FORBIDDEN: { retry: false, en: "The key's role does not open this.", zh: "该密钥的角色无权访问。" },
  TOO_MANY_REQUESTS: { retry: true, en: "Too many requests; wait and try again.", zh: "请求过多，请稍后重试。" },
  IDENTITY_UNREACHABLE: {
    retry: true,
    en: "The issuer of tokens does not publish its keys right now.",
    zh: "身份提供方的公钥暂不可用。",
  },
  KEYS_INVALID: {
    retry: false,
    en: "The file of keys has an error; no named key opens anything.",
    zh: "密钥文件有误。",
  },
  KEY_CONFLICT: {
    retry: false,
    en: "A key of the name is there already, or it is the key that asks.",
    zh: "同名密钥已存在，或为当前使用的密钥。",
  },
  AUDIT_UNWRITABLE: {
    retry: true,
    en: "The audit log cannot be written, so what must be in it is not done.",
    zh: "审计日志无法写入，操作未执行。",
  },
  AUDIT_BROKEN: { retry: false, en: "The audit log is not what was written.", zh: "审计日志已被改动。" },
  SUBMISSION_INVALID: {
    retry: false,
    en: "The submission has errors or warnings that are not confirmed.",
    zh: "填报内容有错误，或有未确认的警告。",
  },
  SUBMISSION_CONFLICT: {
    retry: false,
    en: "The submission is not of the version or in the state that this needs; somebody may have been faster.",
    zh: "填报的版本或状态不符，可能已被他人处理。",
  },
  NOT_FOUND: { retry: false, en: "There is no such thing at this address.", zh: "该地址不存在。" },
  INTERNAL: { retry: true, en: "Something went wrong that is not the caller's fault.", zh: "内部错误。" },
} as const satisfies Record<string, { retry: boolean; en: string; zh: string }>;
export type FaultCode = keyof typeof FAULTS;

/**
 * An error with a code of the catalogue. `message` is one sentence that says what, where and what is
 * allowed; `cause` keeps the error behind it.
 */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  readonly retry: boolean;

  constructor(code: FaultCode, message: string = FAULTS[code].en, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.retry = FAULTS[code].retry;
  }
}

/** Who may see what. A role is a key's or comes with a token; nobody has one by being on the network. */
export const ROLES = {
  administrator: { en: "Runs the platform: everything, raw flows only with the right raw", zh: "管理员" },
  regulator: { en: "The authority: every operator's figures, no statements of its own", zh: "监管单位" },
  analyst: { en: "Figures, and SQL over the views of the database analyst", zh: "分析人员" },
  operator: { en: "Its own exporters and figures, nobody else's", zh: "运营商" },
  public: { en: "What is published", zh: "公众" },
} as const satisfies Record<string, { en: string; zh: string }>;
export type Role = keyof typeof ROLES;

/** The roles, the one of most rights first. */
export const ROLE_NAMES = Object.keys(ROLES) as [Role, ...Role[]];

/** What is written down in the audit log. */
export const AUDIT_ACTIONS = {
  "sql.run": "A statement begins: its text, whether it sees raw flows",
  "sql.end": "How a statement ended: rows or the code of its fault",
  "submission.hand_in": "A new version of a unit's figures is handed in: its submission, version and rows",
  "submission.submit": "A version goes to the regulator",
  "submission.accept": "A version's figures are taken as those of the month",
  "submission.return": "A version is sent back: with its reason",
  "request.denied": "A request with credentials that were refused, or of a role the route does not answer",
  "request.limited": "Somebody began to be refused for asking or failing too often",
  "snapshot.take": "The snapshot of a month was asked for",
  "snapshot.publish": "A snapshot was published",
  "key.create": "A key was made",
  "key.revoke": "A key was revoked",
  "log.recovered": "A line that a crash had left unfinished was taken off the end",
} as const;
export type AuditAction = keyof typeof AUDIT_ACTIONS;

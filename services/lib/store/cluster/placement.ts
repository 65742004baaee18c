/** Where the rows of a table lie on a cluster. */
export type Placement =
  /** On one shard each, by a whole number; written and read by way of a Distributed table. */
  | { readonly on: "shards"; readonly by: string }
  /** Where the views of a shard put them; the Distributed table is for reading and refuses inserts. */
  | { readonly on: "shards"; readonly by: null }
  /** On every server alike: all are replicas of one table. */
  | { readonly on: "every server" };

const BY_EXPORTER = { on: "shards", by: "cityHash64(exporter)" } as const;
const BY_VIEW = { on: "shards", by: null } as const;

/**
 * Every table of the migrations and its place. All flows of one subscriber meet on one shard, so states of
 * unique subscribers are complete there; a flow of none goes by its exporter and source. What is merged by key
 * (FINAL of exporters) or summed (the books) lies on one shard by exporter, all events of a session by session. All changes of a
 * submission lie on one shard, where the token of each keeps a second one of its number out.
 */
export const PLACEMENTS: Readonly<Record<string, Placement>> = {
  migrations: { on: "every server" },
  flows: { on: "shards", by: "if(subscriber != 0, cityHash64(subscriber), cityHash64(exporter, src_addr))" },
  flows_5m: BY_VIEW,
  flows_1h: BY_VIEW,
  flows_1d: BY_VIEW,
  users_1d: BY_VIEW,
  users_1mo: BY_VIEW,
  panel_1d: BY_VIEW,
  assigned_1d: BY_VIEW,
  assigned_1mo: BY_VIEW,
  key_rotations: BY_VIEW,
  remotes_1d: BY_VIEW,
  interfaces_1d: BY_VIEW,
  sessions: { on: "shards", by: "cityHash64(session)" },
  ledger: BY_EXPORTER,
  exporters: BY_EXPORTER,
  submissions: { on: "shards", by: "cityHash64(series, month, unit)" },
  snapshots: { on: "every server" },
  snapshot_answers: { on: "every server" },
};

import type { ClickHouseSettings } from "@clickhouse/client";

/**
 * What an insert into a Distributed table needs beside the settings of an insert into a plain one. It waits
 * until every shard has its rows, so no queue on a server's disk splits or joins blocks, and each shard gets
 * the statement's settings, its token among them: the rows of a token and a shard are one block of that token.
 * Repeated after a failure on some shards, the others know the token. Holds while the shards stay the same.
 */
export const CLUSTER_INSERT_SETTINGS = {
  distributed_foreground_insert: 1,
  // Otherwise rows go to any shard where a sharding key is missing: those tables are not to be written.
  insert_distributed_one_random_shard: 0,
  // A shard without a reachable server fails the insert, which is then repeated; it is never left out.
  skip_unavailable_shards: 0,
} as const satisfies ClickHouseSettings;

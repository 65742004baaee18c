-- Flow records as the exporters told them and as they were classified; the columns are those of the
-- field table in schemas/, in its order, and are a contract with analysts.
--
-- One partition is one day in Asia/Shanghai, as days are cut everywhere here. Rows are sorted by exporter
-- and five minutes, then by address: a look at one exporter or hour reads little, and the addresses, the
-- largest part of a row, stand beside their like. Expiry drops whole parts; the days are a setting
-- (store.raw_ttl_days) that is applied at start.
--
-- The deduplication window counts inserts a table remembers by token. Only a cut that was not
-- acknowledged is repeated, so the last few would do; the window is wide because it costs nothing.
CREATE TABLE IF NOT EXISTS flows
(
  received_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
  start_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
  end_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
  exporter IPv6 CODEC(ZSTD(1)),
  observation_domain UInt32 CODEC(ZSTD(1)),
  version UInt8 CODEC(ZSTD(1)),
  ip_version UInt8 CODEC(ZSTD(1)),
  src_addr IPv6 CODEC(ZSTD(1)),
  dst_addr IPv6 CODEC(ZSTD(1)),
  src_port UInt16 CODEC(ZSTD(1)),
  dst_port UInt16 CODEC(ZSTD(1)),
  protocol UInt8 CODEC(ZSTD(1)),
  tcp_flags UInt16 CODEC(ZSTD(1)),
  tos UInt8 CODEC(ZSTD(1)),
  icmp_type_code UInt16 CODEC(ZSTD(1)),
  bytes UInt64 CODEC(T64, ZSTD(1)),
  packets UInt64 CODEC(T64, ZSTD(1)),
  responder_bytes UInt64 CODEC(T64, ZSTD(1)),
  responder_packets UInt64 CODEC(T64, ZSTD(1)),
  sampling_rate UInt32 CODEC(ZSTD(1)),
  in_if UInt32 CODEC(ZSTD(1)),
  out_if UInt32 CODEC(ZSTD(1)),
  src_as UInt32 CODEC(ZSTD(1)),
  dst_as UInt32 CODEC(ZSTD(1)),
  src_mask UInt8 CODEC(ZSTD(1)),
  dst_mask UInt8 CODEC(ZSTD(1)),
  next_hop IPv6 CODEC(ZSTD(1)),
  vlan_in UInt16 CODEC(ZSTD(1)),
  vlan_out UInt16 CODEC(ZSTD(1)),
  mpls_label UInt32 CODEC(ZSTD(1)),
  direction UInt8 CODEC(ZSTD(1)),
  forwarding_status UInt8 CODEC(ZSTD(1)),
  firewall_event UInt8 CODEC(ZSTD(1)),
  nat_event UInt8 CODEC(ZSTD(1)),
  outer_src_addr IPv6 CODEC(ZSTD(1)),
  outer_dst_addr IPv6 CODEC(ZSTD(1)),
  outer_protocol UInt8 CODEC(ZSTD(1)),
  family UInt8 CODEC(ZSTD(1)),
  technology LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  operator LowCardinality(String) CODEC(ZSTD(1)),
  access LowCardinality(String) CODEC(ZSTD(1)),
  flow_direction LowCardinality(String) CODEC(ZSTD(1)),
  observation_point LowCardinality(String) CODEC(ZSTD(1)),
  counted UInt8 CODEC(ZSTD(1)),
  subscriber UInt64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(received_at, 'Asia/Shanghai')
ORDER BY (exporter, toStartOfFiveMinutes(received_at), src_addr, dst_addr)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS
  ttl_only_drop_parts = 1,
  materialize_ttl_recalculate_only = 1,
  non_replicated_deduplication_window = 10000

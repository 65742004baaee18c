-- Session events as the operators' AAA told them; the columns are those of the table of session events in
-- schemas/, in its order.
--
-- What stays of a session is the last event of each kind: what ended it, and what it held, by which of its
-- addresses were told, so that a Stop that tells none does not make them forgotten. Sums and counts are
-- made by views on the events as they are inserted, never from here. Rows are sorted by a keyed hash, so a
-- range of it is a page of so much of all sessions: that is how a classifier reads them at its start.
--
-- Partitions and expiry go by the collector's clock, as those of NASes may be anything. A row expires as
-- raw flows do (store.raw_ttl_days): it holds addresses. A session that goes on is told again by interims.
CREATE TABLE IF NOT EXISTS sessions
(
  received_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
  event_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
  started_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
  status_type UInt8 CODEC(ZSTD(1)),
  client IPv6 CODEC(ZSTD(1)),
  nas UInt64 CODEC(ZSTD(1)),
  session UInt64 CODEC(ZSTD(1)),
  subscriber UInt64 CODEC(ZSTD(1)),
  subscriber_next UInt64 CODEC(ZSTD(1)),
  rotates_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  operator LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  access LowCardinality(String) CODEC(ZSTD(1)),
  framed_ip_address IPv6 CODEC(ZSTD(1)),
  port_first UInt16 CODEC(ZSTD(1)),
  port_last UInt16 CODEC(ZSTD(1)),
  framed_ipv6_address IPv6 CODEC(ZSTD(1)),
  framed_ipv6_prefix IPv6 CODEC(ZSTD(1)),
  framed_ipv6_prefix_length UInt8 CODEC(ZSTD(1)),
  delegated_ipv6_prefix IPv6 CODEC(ZSTD(1)),
  delegated_ipv6_prefix_length UInt8 CODEC(ZSTD(1)),
  input_octets UInt64 CODEC(T64, ZSTD(1)),
  output_octets UInt64 CODEC(T64, ZSTD(1)),
  ipv6_input_octets UInt64 CODEC(T64, ZSTD(1)),
  ipv6_output_octets UInt64 CODEC(T64, ZSTD(1)),
  octets_told UInt8 CODEC(ZSTD(1)),
  ended UInt8 MATERIALIZED status_type = 2 COMMENT '1 for a Stop' CODEC(ZSTD(1)),
  addresses_told UInt8 MATERIALIZED
    if(framed_ip_address = toIPv6('::'), 0, 1) + if(framed_ipv6_address = toIPv6('::'), 0, 2)
    + if(framed_ipv6_prefix = toIPv6('::'), 0, 4) + if(delegated_ipv6_prefix = toIPv6('::'), 0, 8)
    COMMENT 'Sum of 1: framed_ip_address is told, 2: framed_ipv6_address, 4: framed_ipv6_prefix, 8: delegated_ipv6_prefix'
    CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(event_at)
PARTITION BY toYYYYMM(received_at, 'Asia/Shanghai')
ORDER BY (session, nas, ended, addresses_told)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000

CREATE DATABASE IF NOT EXISTS `v6meter` ON CLUSTER `province`;

-- 0001_migrations
CREATE TABLE IF NOT EXISTS `v6meter`.migrations ON CLUSTER `province`
(
  name String,
  sha256 String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/every_server/{database}/migrations', '{shard}-{replica}')
ORDER BY name;

-- 0002_flows
CREATE TABLE IF NOT EXISTS `v6meter`.flows_local ON CLUSTER `province`
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/flows_local', '{replica}')
PARTITION BY toYYYYMMDD(received_at, 'Asia/Shanghai')
ORDER BY (exporter, toStartOfFiveMinutes(received_at), src_addr, dst_addr)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS
  ttl_only_drop_parts = 1,
  materialize_ttl_recalculate_only = 1,
  replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.flows ON CLUSTER `province` AS `v6meter`.flows_local
ENGINE = Distributed('province', 'v6meter', 'flows_local', if(subscriber != 0, cityHash64(subscriber), cityHash64(exporter, src_addr)));

-- 0003_flows_5m
CREATE TABLE IF NOT EXISTS `v6meter`.flows_5m_local ON CLUSTER `province`
(
  bucket_at DateTime('UTC') CODEC(Delta, ZSTD(1)),
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  family UInt8,
  technology LowCardinality(String),
  flow_direction LowCardinality(String),
  observation_point LowCardinality(String),
  exporter IPv6,
  counted UInt8,
  records UInt64 CODEC(T64, ZSTD(1)),
  bytes UInt64 CODEC(T64, ZSTD(1)),
  packets UInt64 CODEC(T64, ZSTD(1)),
  bytes_scaled UInt64 CODEC(T64, ZSTD(1)),
  packets_scaled UInt64 CODEC(T64, ZSTD(1)),
  bytes_unknown_sampling UInt64 CODEC(T64, ZSTD(1)),
  responder_bytes UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/flows_5m_local', '{replica}', (records, bytes, packets, bytes_scaled, packets_scaled, bytes_unknown_sampling, responder_bytes))
PARTITION BY toYYYYMM(bucket_at, 'Asia/Shanghai')
ORDER BY (bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.flows_5m ON CLUSTER `province` AS `v6meter`.flows_5m_local
ENGINE = Distributed('province', 'v6meter', 'flows_5m_local');

-- 0004_flows_5m_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.flows_5m_view ON CLUSTER `province` TO `v6meter`.flows_5m_local AS
SELECT
  toDateTime(toStartOfFiveMinutes(received_at), 'UTC') AS bucket_at,
  region, operator, access, family, technology, flow_direction, observation_point, exporter, counted,
  count() AS records,
  sum(f.bytes) AS bytes,
  sum(f.packets) AS packets,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled,
  sum(f.packets * greatest(f.sampling_rate, 1)) AS packets_scaled,
  sumIf(f.bytes, f.sampling_rate = 0) AS bytes_unknown_sampling,
  sum(f.responder_bytes) AS responder_bytes
FROM `v6meter`.flows_local AS f
GROUP BY bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted;

-- 0005_flows_1h
CREATE TABLE IF NOT EXISTS `v6meter`.flows_1h_local ON CLUSTER `province`
(
  bucket_at DateTime('UTC') CODEC(Delta, ZSTD(1)),
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  family UInt8,
  technology LowCardinality(String),
  flow_direction LowCardinality(String),
  observation_point LowCardinality(String),
  exporter IPv6,
  counted UInt8,
  records UInt64 CODEC(T64, ZSTD(1)),
  bytes UInt64 CODEC(T64, ZSTD(1)),
  packets UInt64 CODEC(T64, ZSTD(1)),
  bytes_scaled UInt64 CODEC(T64, ZSTD(1)),
  packets_scaled UInt64 CODEC(T64, ZSTD(1)),
  bytes_unknown_sampling UInt64 CODEC(T64, ZSTD(1)),
  responder_bytes UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/flows_1h_local', '{replica}', (records, bytes, packets, bytes_scaled, packets_scaled, bytes_unknown_sampling, responder_bytes))
PARTITION BY toYYYYMM(bucket_at, 'Asia/Shanghai')
ORDER BY (bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.flows_1h ON CLUSTER `province` AS `v6meter`.flows_1h_local
ENGINE = Distributed('province', 'v6meter', 'flows_1h_local');

-- 0006_flows_1h_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.flows_1h_view ON CLUSTER `province` TO `v6meter`.flows_1h_local AS
SELECT
  toStartOfHour(f.bucket_at) AS bucket_at,
  region, operator, access, family, technology, flow_direction, observation_point, exporter, counted,
  sum(f.records) AS records,
  sum(f.bytes) AS bytes,
  sum(f.packets) AS packets,
  sum(f.bytes_scaled) AS bytes_scaled,
  sum(f.packets_scaled) AS packets_scaled,
  sum(f.bytes_unknown_sampling) AS bytes_unknown_sampling,
  sum(f.responder_bytes) AS responder_bytes
FROM `v6meter`.flows_5m_local AS f
GROUP BY bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted;

-- 0007_flows_1d
CREATE TABLE IF NOT EXISTS `v6meter`.flows_1d_local ON CLUSTER `province`
(
  bucket_at DateTime('UTC') CODEC(Delta, ZSTD(1)),
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  family UInt8,
  technology LowCardinality(String),
  flow_direction LowCardinality(String),
  observation_point LowCardinality(String),
  exporter IPv6,
  counted UInt8,
  records UInt64 CODEC(T64, ZSTD(1)),
  bytes UInt64 CODEC(T64, ZSTD(1)),
  packets UInt64 CODEC(T64, ZSTD(1)),
  bytes_scaled UInt64 CODEC(T64, ZSTD(1)),
  packets_scaled UInt64 CODEC(T64, ZSTD(1)),
  bytes_unknown_sampling UInt64 CODEC(T64, ZSTD(1)),
  responder_bytes UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/flows_1d_local', '{replica}', (records, bytes, packets, bytes_scaled, packets_scaled, bytes_unknown_sampling, responder_bytes))
PARTITION BY toYear(bucket_at, 'Asia/Shanghai')
ORDER BY (bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.flows_1d ON CLUSTER `province` AS `v6meter`.flows_1d_local
ENGINE = Distributed('province', 'v6meter', 'flows_1d_local');

-- 0008_flows_1d_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.flows_1d_view ON CLUSTER `province` TO `v6meter`.flows_1d_local AS
SELECT
  toTimeZone(toStartOfDay(f.bucket_at, 'Asia/Shanghai'), 'UTC') AS bucket_at,
  region, operator, access, family, technology, flow_direction, observation_point, exporter, counted,
  sum(f.records) AS records,
  sum(f.bytes) AS bytes,
  sum(f.packets) AS packets,
  sum(f.bytes_scaled) AS bytes_scaled,
  sum(f.packets_scaled) AS packets_scaled,
  sum(f.bytes_unknown_sampling) AS bytes_unknown_sampling,
  sum(f.responder_bytes) AS responder_bytes
FROM `v6meter`.flows_1h_local AS f
GROUP BY bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted;

-- 0009_ledger
CREATE TABLE IF NOT EXISTS `v6meter`.ledger_local ON CLUSTER `province`
(
  at DateTime('UTC') COMMENT 'Start of the five minutes',
  exporter IPv6 COMMENT ':: where the exporter is not known',
  stage LowCardinality(String),
  outcome LowCardinality(String),
  reason LowCardinality(String) COMMENT 'Why units were dropped, empty otherwise',
  count Int64 COMMENT 'Units of the stage'
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/ledger_local', '{replica}', count)
PARTITION BY toYYYYMM(at, 'Asia/Shanghai')
ORDER BY (at, exporter, stage, outcome, reason)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.ledger ON CLUSTER `province` AS `v6meter`.ledger_local
ENGINE = Distributed('province', 'v6meter', 'ledger_local', cityHash64(exporter));

-- 0010_exporters
CREATE TABLE IF NOT EXISTS `v6meter`.exporters_local ON CLUSTER `province`
(
  exporter IPv6,
  version UInt8,
  observation_domain UInt32,
  source_port UInt16,
  first_seen_at DateTime64(3, 'UTC'),
  last_seen_at DateTime64(3, 'UTC'),
  templates UInt32 COMMENT 'Templates in force, options templates among them',
  options_templates UInt32,
  sampling String COMMENT 'JSON: [{"sampler": number or null, "rate": number}]',
  sampling_source LowCardinality(String),
  clock_offset_ms Int64 COMMENT 'Export time minus time of arrival',
  clock_off Bool,
  interfaces String COMMENT 'JSON: [{"index": number, "name": string, "description": string}]',
  name String COMMENT 'Name the exporter gives itself in options records, or empty'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/exporters_local', '{replica}', last_seen_at)
ORDER BY (exporter, version, observation_domain, source_port)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.exporters ON CLUSTER `province` AS `v6meter`.exporters_local
ENGINE = Distributed('province', 'v6meter', 'exporters_local', cityHash64(exporter));

-- 0011_traffic
CREATE VIEW IF NOT EXISTS `v6meter`.traffic ON CLUSTER `province` AS
SELECT
  bucket_at AS hour_at,
  toDate(bucket_at, 'Asia/Shanghai') AS day,
  region, operator, access, family, technology, flow_direction, observation_point, exporter,
  sum(t.records) AS records,
  sum(t.bytes) AS bytes,
  sum(t.packets) AS packets,
  sum(t.bytes_scaled) AS bytes_scaled,
  sum(t.packets_scaled) AS packets_scaled,
  sum(t.bytes_unknown_sampling) AS bytes_unknown_sampling
FROM `v6meter`.flows_1h AS t
WHERE counted = 2
GROUP BY hour_at, day, region, operator, access, family, technology, flow_direction, observation_point, exporter;

-- 0012_flows_subscriber
ALTER TABLE `v6meter`.flows_local ON CLUSTER `province`
  ADD COLUMN IF NOT EXISTS subscriber_method LowCardinality(String) DEFAULT if(subscriber = 0, 'unknown', 'prefix') CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS subscriber_prefix UInt64 DEFAULT subscriber CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS active_family UInt8 CODEC(ZSTD(1));
ALTER TABLE `v6meter`.flows ON CLUSTER `province` ADD COLUMN IF NOT EXISTS subscriber_method LowCardinality(String) DEFAULT if(subscriber = 0, 'unknown', 'prefix') CODEC(ZSTD(1)), ADD COLUMN IF NOT EXISTS subscriber_prefix UInt64 DEFAULT subscriber CODEC(ZSTD(1)), ADD COLUMN IF NOT EXISTS active_family UInt8 CODEC(ZSTD(1));

-- 0013_sessions
CREATE TABLE IF NOT EXISTS `v6meter`.sessions_local ON CLUSTER `province`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/sessions_local', '{replica}', event_at)
PARTITION BY toYYYYMM(received_at, 'Asia/Shanghai')
ORDER BY (session, nas, ended, addresses_told)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.sessions ON CLUSTER `province` AS `v6meter`.sessions_local
ENGINE = Distributed('province', 'v6meter', 'sessions_local', cityHash64(session));

-- 0014_users_1d
CREATE TABLE IF NOT EXISTS `v6meter`.users_1d_local ON CLUSTER `province`
(
  starts_on Date,
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  active_family UInt8,
  subscribers AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1)),
  prefixes AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1)),
  session_prefixes AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/users_1d_local', '{replica}')
PARTITION BY toYYYYMM(starts_on)
ORDER BY (starts_on, region, operator, access, active_family)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.users_1d ON CLUSTER `province` AS `v6meter`.users_1d_local
ENGINE = Distributed('province', 'v6meter', 'users_1d_local');

-- 0015_users_1d_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.users_1d_view ON CLUSTER `province` TO `v6meter`.users_1d_local AS
SELECT
  toDate(received_at, 'Asia/Shanghai') AS starts_on,
  region, operator, access, active_family,
  uniqCombined64StateIf(17)(subscriber, subscriber_method = 'session') AS subscribers,
  uniqCombined64StateIf(14)(subscriber_prefix, subscriber_prefix != 0) AS prefixes,
  uniqCombined64StateIf(14)(subscriber_prefix, subscriber_prefix != 0 AND subscriber_method = 'session') AS session_prefixes
FROM `v6meter`.flows_local
WHERE active_family != 0
GROUP BY starts_on, region, operator, access, active_family;

-- 0016_users_1mo
CREATE TABLE IF NOT EXISTS `v6meter`.users_1mo_local ON CLUSTER `province`
(
  starts_on Date,
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  active_family UInt8,
  subscribers AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1)),
  prefixes AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1)),
  session_prefixes AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/users_1mo_local', '{replica}')
PARTITION BY toYear(starts_on)
ORDER BY (starts_on, region, operator, access, active_family)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.users_1mo ON CLUSTER `province` AS `v6meter`.users_1mo_local
ENGINE = Distributed('province', 'v6meter', 'users_1mo_local');

-- 0017_users_1mo_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.users_1mo_view ON CLUSTER `province` TO `v6meter`.users_1mo_local AS
SELECT
  toStartOfMonth(u.starts_on) AS starts_on,
  region, operator, access, active_family,
  uniqCombined64MergeState(17)(u.subscribers) AS subscribers,
  uniqCombined64MergeState(14)(u.prefixes) AS prefixes,
  uniqCombined64MergeState(14)(u.session_prefixes) AS session_prefixes
FROM `v6meter`.users_1d_local AS u
GROUP BY starts_on, region, operator, access, active_family;

-- 0018_panel_1d
CREATE TABLE IF NOT EXISTS `v6meter`.panel_1d_local ON CLUSTER `province`
(
  starts_on Date,
  access LowCardinality(String),
  operator LowCardinality(String),
  region LowCardinality(String),
  active_family UInt8,
  subscriber UInt64,
  records SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  packets SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  packets_unsampled SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  bytes_scaled SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  prefixes SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/panel_1d_local', '{replica}')
PARTITION BY toYYYYMM(starts_on)
ORDER BY (starts_on, access, operator, region, active_family, subscriber)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.panel_1d ON CLUSTER `province` AS `v6meter`.panel_1d_local
ENGINE = Distributed('province', 'v6meter', 'panel_1d_local');

-- 0019_panel_1d_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.panel_1d_view ON CLUSTER `province` TO `v6meter`.panel_1d_local AS
SELECT
  toDate(received_at, 'Asia/Shanghai') AS starts_on,
  access, operator, region, active_family, subscriber,
  count() AS records,
  sum(f.packets) AS packets,
  sumIf(f.packets, f.sampling_rate < 2) AS packets_unsampled,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled,
  groupUniqArrayIf(f.subscriber_prefix, f.subscriber_prefix != 0) AS prefixes
FROM `v6meter`.flows_local AS f
WHERE active_family != 0 AND subscriber % 64 = 0 AND subscriber_method = 'session'
GROUP BY starts_on, access, operator, region, active_family, subscriber;

-- 0020_assigned_1d
CREATE TABLE IF NOT EXISTS `v6meter`.assigned_1d_local ON CLUSTER `province`
(
  starts_on Date,
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  kind LowCardinality(String),
  subscribers AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1)),
  started_sessions AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/assigned_1d_local', '{replica}')
PARTITION BY toYYYYMM(starts_on)
ORDER BY (starts_on, region, operator, access, kind)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.assigned_1d ON CLUSTER `province` AS `v6meter`.assigned_1d_local
ENGINE = Distributed('province', 'v6meter', 'assigned_1d_local');

-- 0021_assigned_1d_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.assigned_1d_view ON CLUSTER `province` TO `v6meter`.assigned_1d_local AS
SELECT
  toDate(event_at, 'Asia/Shanghai') AS starts_on,
  region, operator, access,
  arrayJoin(arrayFilter(kind -> kind != '', [
    'any',
    if((framed_ipv6_address BETWEEN toIPv6('2000::') AND toIPv6('3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))
      OR (framed_ipv6_prefix BETWEEN toIPv6('2000::') AND toIPv6('3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))
      OR (delegated_ipv6_prefix BETWEEN toIPv6('2000::') AND toIPv6('3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')), 'v6', ''),
    if(delegated_ipv6_prefix BETWEEN toIPv6('2000::') AND toIPv6('3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), 'delegated', ''),
    -- 255.255.255.254 and above ask the NAS to choose (RFC 2865 section 5.8): no address.
    multiIf(
      framed_ip_address NOT BETWEEN toIPv6('::ffff:1.0.0.0') AND toIPv6('::ffff:223.255.255.255'), '',
      (framed_ip_address BETWEEN toIPv6('::ffff:10.0.0.0') AND toIPv6('::ffff:10.255.255.255'))
        OR (framed_ip_address BETWEEN toIPv6('::ffff:100.64.0.0') AND toIPv6('::ffff:100.127.255.255'))
        OR (framed_ip_address BETWEEN toIPv6('::ffff:172.16.0.0') AND toIPv6('::ffff:172.31.255.255'))
        OR (framed_ip_address BETWEEN toIPv6('::ffff:192.168.0.0') AND toIPv6('::ffff:192.168.255.255')), 'v4_private',
      'v4_public')
  ])) AS kind,
  uniqCombined64State(17)(subscriber) AS subscribers,
  uniqCombined64StateIf(17)(session, status_type = 1) AS started_sessions
FROM `v6meter`.sessions_local
WHERE subscriber != 0 AND status_type IN (1, 2, 3)
GROUP BY starts_on, region, operator, access, kind;

-- 0022_assigned_1mo
CREATE TABLE IF NOT EXISTS `v6meter`.assigned_1mo_local ON CLUSTER `province`
(
  starts_on Date,
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  kind LowCardinality(String),
  subscribers AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1)),
  started_sessions AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/assigned_1mo_local', '{replica}')
PARTITION BY toYear(starts_on)
ORDER BY (starts_on, region, operator, access, kind)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.assigned_1mo ON CLUSTER `province` AS `v6meter`.assigned_1mo_local
ENGINE = Distributed('province', 'v6meter', 'assigned_1mo_local');

-- 0023_assigned_1mo_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.assigned_1mo_view ON CLUSTER `province` TO `v6meter`.assigned_1mo_local AS
SELECT
  toStartOfMonth(a.starts_on) AS starts_on,
  region, operator, access, kind,
  uniqCombined64MergeState(17)(a.subscribers) AS subscribers,
  uniqCombined64MergeState(17)(a.started_sessions) AS started_sessions
FROM `v6meter`.assigned_1d_local AS a
GROUP BY starts_on, region, operator, access, kind;

-- 0024_key_rotations
CREATE TABLE IF NOT EXISTS `v6meter`.key_rotations_local ON CLUSTER `province`
(
  rotates_at DateTime('UTC'),
  events UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/key_rotations_local', '{replica}', events)
ORDER BY rotates_at
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.key_rotations ON CLUSTER `province` AS `v6meter`.key_rotations_local
ENGINE = Distributed('province', 'v6meter', 'key_rotations_local');

-- 0025_key_rotations_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.key_rotations_view ON CLUSTER `province` TO `v6meter`.key_rotations_local AS
SELECT
  toDateTime(s.rotates_at, 'UTC') AS rotates_at,
  count() AS events
FROM `v6meter`.sessions_local AS s
WHERE subscriber_next != 0
GROUP BY rotates_at;

-- 0026_remotes_1d
CREATE TABLE IF NOT EXISTS `v6meter`.remotes_1d_local ON CLUSTER `province`
(
  bucket_at DateTime('UTC') CODEC(Delta, ZSTD(1)),
  remote IPv6 CODEC(ZSTD(1)),
  remote_as UInt32 CODEC(ZSTD(1)),
  remote_port UInt16 CODEC(ZSTD(1)),
  operator LowCardinality(String),
  family UInt8,
  technology LowCardinality(String),
  records UInt64 CODEC(T64, ZSTD(1)),
  bytes_scaled UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/remotes_1d_local', '{replica}', (records, bytes_scaled))
PARTITION BY toYYYYMM(bucket_at, 'Asia/Shanghai')
ORDER BY (remote, remote_as, remote_port, bucket_at, operator, family, technology)
TTL bucket_at + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.remotes_1d ON CLUSTER `province` AS `v6meter`.remotes_1d_local
ENGINE = Distributed('province', 'v6meter', 'remotes_1d_local');

-- 0027_remotes_1d_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.remotes_1d_view ON CLUSTER `province` TO `v6meter`.remotes_1d_local AS
SELECT
  toTimeZone(toStartOfDay(received_at, 'Asia/Shanghai'), 'UTC') AS bucket_at,
  tupleElement(IPv6CIDRToRange(
    if(to_source, src_addr, dst_addr),
    if(if(to_source, src_addr, dst_addr) BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 48)), 1) AS remote,
  if(to_source, src_as, dst_as) AS remote_as,
  if(if(to_source, src_port, dst_port) < 1024, if(to_source, src_port, dst_port), 0) AS remote_port,
  operator, family, technology,
  count() AS records,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled
FROM
(
  SELECT
    received_at, src_addr, dst_addr, src_as, dst_as, src_port, dst_port, operator, family, technology, bytes, sampling_rate,
    flow_direction = 'down' OR (flow_direction != 'up' AND src_port < dst_port) AS to_source
  FROM `v6meter`.flows_local
  WHERE counted = 2 AND family != 0
) AS f
GROUP BY bucket_at, remote, remote_as, remote_port, operator, family, technology;

-- 0028_interfaces_1d
CREATE TABLE IF NOT EXISTS `v6meter`.interfaces_1d_local ON CLUSTER `province`
(
  bucket_at DateTime('UTC') CODEC(Delta, ZSTD(1)),
  exporter IPv6,
  in_if UInt32,
  out_if UInt32,
  operator LowCardinality(String),
  family UInt8,
  technology LowCardinality(String),
  records UInt64 CODEC(T64, ZSTD(1)),
  bytes_scaled UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/interfaces_1d_local', '{replica}', (records, bytes_scaled))
PARTITION BY toYear(bucket_at, 'Asia/Shanghai')
ORDER BY (exporter, in_if, out_if, bucket_at, operator, family, technology)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.interfaces_1d ON CLUSTER `province` AS `v6meter`.interfaces_1d_local
ENGINE = Distributed('province', 'v6meter', 'interfaces_1d_local');

-- 0029_interfaces_1d_view
CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.interfaces_1d_view ON CLUSTER `province` TO `v6meter`.interfaces_1d_local AS
SELECT
  toTimeZone(toStartOfDay(received_at, 'Asia/Shanghai'), 'UTC') AS bucket_at,
  exporter, in_if, out_if, operator, family, technology,
  count() AS records,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled
FROM `v6meter`.flows_local AS f
WHERE counted >= 1 AND family != 0
GROUP BY bucket_at, exporter, in_if, out_if, operator, family, technology;

-- 0030_submissions
CREATE TABLE IF NOT EXISTS `v6meter`.submissions_local ON CLUSTER `province`
(
  series LowCardinality(String),
  month LowCardinality(String) COMMENT 'Such as 2026-10, Asia/Shanghai',
  unit LowCardinality(String) COMMENT 'Unit that reports',
  change UInt32 COMMENT 'Number of the change within the submission, from 1',
  event String COMMENT 'Random, tells whose change it is',
  version UInt32,
  state LowCardinality(String),
  at DateTime64(3, 'UTC'),
  actor String COMMENT 'Name of the key, or subject of the token',
  role LowCardinality(String),
  rows String COMMENT 'JSON: [{"row": number, "cells": {column: text}}]' CODEC(ZSTD(3)),
  messages String COMMENT 'JSON: findings of the checks' CODEC(ZSTD(3)),
  errors UInt32,
  warnings UInt32,
  confirmed Bool,
  reason String
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/submissions_local', '{replica}')
ORDER BY (series, month, unit, change)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
CREATE TABLE IF NOT EXISTS `v6meter`.submissions ON CLUSTER `province` AS `v6meter`.submissions_local
ENGINE = Distributed('province', 'v6meter', 'submissions_local', cityHash64(series, month, unit));

-- 0031_snapshots
CREATE TABLE IF NOT EXISTS `v6meter`.snapshots ON CLUSTER `province`
(
  at DateTime64(3, 'UTC'),
  month LowCardinality(String),
  version UInt16,
  attempt String,
  state LowCardinality(String),
  data_cut DateTime64(3, 'UTC'),
  reason String,
  catalogue String,
  questions UInt32,
  answered UInt32,
  differing UInt32,
  refused String CODEC(ZSTD(3))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/every_server/{database}/snapshots', '{shard}-{replica}')
ORDER BY (month, version, at)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

-- 0032_snapshot_answers
CREATE TABLE IF NOT EXISTS `v6meter`.snapshot_answers ON CLUSTER `province`
(
  month LowCardinality(String),
  version UInt16,
  attempt String,
  question String CODEC(ZSTD(3)),
  answer String CODEC(ZSTD(6))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/every_server/{database}/snapshot_answers', '{shard}-{replica}')
ORDER BY (month, question, version)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

-- 0033_flows_parts
ALTER TABLE `v6meter`.flows_local ON CLUSTER `province` MODIFY SETTING min_bytes_for_wide_part = 268435456;

-- 0034_flows_5m_by_hash
RENAME TABLE IF EXISTS `v6meter`.flows_5m_view_renamed TO `v6meter`.flows_5m_view ON CLUSTER `province`;
ALTER TABLE `v6meter`.flows_5m_view ON CLUSTER `province` MODIFY QUERY
SELECT
  toDateTime(toStartOfFiveMinutes(received_at), 'UTC') AS bucket_at,
  any(f.region) AS region,
  any(f.operator) AS operator,
  any(f.access) AS access,
  family,
  any(f.technology) AS technology,
  any(f.flow_direction) AS flow_direction,
  any(f.observation_point) AS observation_point,
  exporter, counted,
  count() AS records,
  sum(f.bytes) AS bytes,
  sum(f.packets) AS packets,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled,
  sum(f.packets * greatest(f.sampling_rate, 1)) AS packets_scaled,
  sumIf(f.bytes, f.sampling_rate = 0) AS bytes_unknown_sampling,
  sum(f.responder_bytes) AS responder_bytes
FROM `v6meter`.flows_local AS f
GROUP BY
  bucket_at, exporter, counted, family,
  cityHash64(f.region) + 3 * cityHash64(f.operator) + 5 * cityHash64(f.access)
    + 7 * cityHash64(f.technology) + 9 * cityHash64(f.flow_direction) + 11 * cityHash64(f.observation_point);
RENAME TABLE IF EXISTS `v6meter`.flows_5m_view TO `v6meter`.flows_5m_view_renamed ON CLUSTER `province`;
RENAME TABLE IF EXISTS `v6meter`.flows_5m_view_renamed TO `v6meter`.flows_5m_view ON CLUSTER `province`;

-- 0035_remotes_1d_by_hash
RENAME TABLE IF EXISTS `v6meter`.remotes_1d_view_renamed TO `v6meter`.remotes_1d_view ON CLUSTER `province`;
ALTER TABLE `v6meter`.remotes_1d_view ON CLUSTER `province` MODIFY QUERY
SELECT
  any(toTimeZone(toStartOfDay(f.received_at, 'Asia/Shanghai'), 'UTC')) AS bucket_at,
  tupleElement(IPv6CIDRToRange(
    if(to_source, src_addr, dst_addr),
    if(if(to_source, src_addr, dst_addr) BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 48)), 1) AS remote,
  if(to_source, src_as, dst_as) AS remote_as,
  if(if(to_source, src_port, dst_port) < 1024, if(to_source, src_port, dst_port), 0) AS remote_port,
  any(f.operator) AS operator,
  any(f.family) AS family,
  any(f.technology) AS technology,
  count() AS records,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled
FROM
(
  SELECT
    received_at, src_addr, dst_addr, src_as, dst_as, src_port, dst_port, operator, family, technology, bytes, sampling_rate,
    flow_direction = 'down' OR (flow_direction != 'up' AND src_port < dst_port) AS to_source
  FROM `v6meter`.flows_local
  WHERE counted = 2 AND family != 0
) AS f
GROUP BY
  remote, remote_as, remote_port,
  cityHash64(f.operator) + 3 * cityHash64(f.technology)
    + 5 * intHash64(256 * toUInt64(toStartOfDay(f.received_at, 'Asia/Shanghai')) + f.family);
RENAME TABLE IF EXISTS `v6meter`.remotes_1d_view TO `v6meter`.remotes_1d_view_renamed ON CLUSTER `province`;
RENAME TABLE IF EXISTS `v6meter`.remotes_1d_view_renamed TO `v6meter`.remotes_1d_view ON CLUSTER `province`;

-- 0036_interfaces_1d_by_hash
RENAME TABLE IF EXISTS `v6meter`.interfaces_1d_view_renamed TO `v6meter`.interfaces_1d_view ON CLUSTER `province`;
ALTER TABLE `v6meter`.interfaces_1d_view ON CLUSTER `province` MODIFY QUERY
SELECT
  any(toTimeZone(toStartOfDay(f.received_at, 'Asia/Shanghai'), 'UTC')) AS bucket_at,
  exporter, in_if, out_if,
  any(f.operator) AS operator,
  any(f.family) AS family,
  any(f.technology) AS technology,
  count() AS records,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled
FROM
(
  SELECT received_at, exporter, in_if, out_if, operator, family, technology, bytes, sampling_rate
  FROM `v6meter`.flows_local
  WHERE counted >= 1 AND family != 0
) AS f
GROUP BY
  exporter, in_if, out_if,
  cityHash64(f.operator) + 3 * cityHash64(f.technology)
    + 5 * intHash64(256 * toUInt64(toStartOfDay(f.received_at, 'Asia/Shanghai')) + f.family);
RENAME TABLE IF EXISTS `v6meter`.interfaces_1d_view TO `v6meter`.interfaces_1d_view_renamed ON CLUSTER `province`;
RENAME TABLE IF EXISTS `v6meter`.interfaces_1d_view_renamed TO `v6meter`.interfaces_1d_view ON CLUSTER `province`;

-- 0037_users_1d_by_hash
RENAME TABLE IF EXISTS `v6meter`.users_1d_view_renamed TO `v6meter`.users_1d_view ON CLUSTER `province`;
ALTER TABLE `v6meter`.users_1d_view ON CLUSTER `province` MODIFY QUERY
SELECT
  toDate(received_at, 'Asia/Shanghai') AS starts_on,
  any(f.region) AS region,
  any(f.operator) AS operator,
  any(f.access) AS access,
  active_family,
  uniqCombined64StateIf(17)(subscriber, subscriber_method = 'session') AS subscribers,
  uniqCombined64StateIf(14)(subscriber_prefix, subscriber_prefix != 0) AS prefixes,
  uniqCombined64StateIf(14)(subscriber_prefix, subscriber_prefix != 0 AND subscriber_method = 'session') AS session_prefixes
FROM `v6meter`.flows_local AS f
WHERE active_family != 0
GROUP BY starts_on, active_family, cityHash64(f.region) + 3 * cityHash64(f.operator) + 5 * cityHash64(f.access);
RENAME TABLE IF EXISTS `v6meter`.users_1d_view TO `v6meter`.users_1d_view_renamed ON CLUSTER `province`;
RENAME TABLE IF EXISTS `v6meter`.users_1d_view_renamed TO `v6meter`.users_1d_view ON CLUSTER `province`;

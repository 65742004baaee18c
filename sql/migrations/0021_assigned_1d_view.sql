-- Books every insert into sessions under the day its events happened on.
CREATE MATERIALIZED VIEW IF NOT EXISTS assigned_1d_view TO assigned_1d AS
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
FROM sessions
WHERE subscriber != 0 AND status_type IN (1, 2, 3)
GROUP BY starts_on, region, operator, access, kind

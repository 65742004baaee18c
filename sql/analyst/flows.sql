-- Flow records without personal data: addresses are cut to the network of many subscribers (IPv4 to /24, IPv6 to
-- /48, 6to4 to /40 as its /48 is a whole IPv4 address), the subscriber, the addresses of tunnels and the
-- subscriber's port are left out.
SELECT
  received_at, start_at, end_at, exporter, observation_domain, version, ip_version,
  tupleElement(IPv6CIDRToRange(src_addr, multiIf(
    src_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120,
    src_addr BETWEEN toIPv6('2002::') AND toIPv6('2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), 40,
    48)::UInt8), 1) AS src_network,
  tupleElement(IPv6CIDRToRange(dst_addr, multiIf(
    dst_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120,
    dst_addr BETWEEN toIPv6('2002::') AND toIPv6('2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), 40,
    48)::UInt8), 1) AS dst_network,
  least(src_port, dst_port) AS service_port,
  protocol, tcp_flags, tos, icmp_type_code,
  bytes, packets, responder_bytes, responder_packets, sampling_rate,
  f.bytes * greatest(f.sampling_rate, 1) AS bytes_scaled,
  in_if, out_if, src_as, dst_as, src_mask, dst_mask, vlan_in, vlan_out, mpls_label,
  direction, forwarding_status, firewall_event, nat_event, outer_protocol,
  family, technology, {class} AS class, region, operator, access, flow_direction, observation_point, counted,
  subscriber_method, active_family
FROM {database}.flows AS f

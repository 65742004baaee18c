-- What a classifier must know of sessions, those named `from` to `to`: of each that has not ended, or ended since a
-- moment, what is kept of its events. Columns are hexadecimal, in the bytes that they take in memory: millions of
-- rows come as a few texts. Values of a column stand in the order of the rows.
SELECT
  toUInt32(length(events)) AS rows,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(toUnixTimestamp64Milli(e.1))), events)) AS event_at_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(toUnixTimestamp64Milli(e.2))), events)) AS started_at_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.3)), events)) AS status_type_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.4)), events)) AS nas_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.5)), events)) AS session_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.6)), events)) AS subscriber_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.7)), events)) AS subscriber_next_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(toUnixTimestamp64Milli(e.8))), events)) AS rotates_at_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.9)), events)) AS framed_ip_address_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.10)), events)) AS port_first_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.11)), events)) AS port_last_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.12)), events)) AS framed_ipv6_address_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.13)), events)) AS framed_ipv6_prefix_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.14)), events)) AS framed_ipv6_prefix_length_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.15)), events)) AS delegated_ipv6_prefix_hex,
  arrayStringConcat(arrayMap(e -> hex(reinterpretAsFixedString(e.16)), events)) AS delegated_ipv6_prefix_length_hex,
  arrayMap(e -> toString(e.17), events) AS operators,
  arrayMap(e -> toString(e.18), events) AS regions,
  arrayMap(e -> toString(e.19), events) AS accesses
FROM
(
  SELECT groupArrayArray(told) AS events
  FROM
  (
    SELECT groupArray((
      event_at, started_at, status_type, nas, session, subscriber, subscriber_next, rotates_at,
      framed_ip_address, port_first, port_last, framed_ipv6_address, framed_ipv6_prefix, framed_ipv6_prefix_length,
      delegated_ipv6_prefix, delegated_ipv6_prefix_length, operator, region, access)) AS told
    FROM sessions
    WHERE session BETWEEN {from:UInt64} AND {to:UInt64}
    GROUP BY session, nas
    HAVING argMax(ended, (event_at, ended)) = 0 OR max(event_at) >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC')
  )
)

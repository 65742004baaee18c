-- Traffic from operator to operator at direct-connect points: bytes of each class by the operators that the interfaces
-- face which it came in by and went out by.
--
-- Reads interfaces_1d, a roll-up by day of Asia/Shanghai in which a flow counts once at a type of observation point. An
-- interface is `exporter ifIndex` in {faces}, with the operator it faces in {face_operators} and its observation point in
-- {face_points}; what an interface does not say is what its exporter says ({exporters}, {exporter_operators},
-- {exporter_points}). As in the classifier, the observation point is that of the interface a flow came in by, else of the
-- one it went out by, else of the exporter. One row a pair, and one with is_total = 1 over all of them.
WITH
  carried AS
  (
    SELECT
      toString(exporter) AS exporter_text, in_if, out_if,
      multiIf(
        technology IN {v4_technologies:Array(String)}, 'v4',
        technology IN {v6_transition_technologies:Array(String)}, 'v6',
        technology IN {native_technologies:Array(String)} AND family = 4, 'v4',
        technology IN {native_technologies:Array(String)} AND family = 6, 'v6',
        'excluded') AS class,
      sum(toUInt128(i.bytes_scaled)) AS bytes
    FROM interfaces_1d AS i
    WHERE bucket_at >= toDateTime({from_s:Int64}, 'UTC') AND bucket_at < toDateTime({to_s:Int64}, 'UTC')
      AND has(arrayMap(it -> toIPv6(it), {exporters:Array(String)}), exporter)
      AND class != 'excluded'
    GROUP BY exporter_text, in_if, out_if, class
  ),
  faced AS
  (
    SELECT
      concat(exporter_text, ' ', toString(in_if)) AS in_face,
      concat(exporter_text, ' ', toString(out_if)) AS out_face,
      transform(exporter_text, {exporters:Array(String)}, {exporter_operators:Array(String)}, '') AS own,
      transform(in_face, {faces:Array(String)}, {face_operators:Array(String)}, '') AS in_operator,
      transform(out_face, {faces:Array(String)}, {face_operators:Array(String)}, '') AS out_operator,
      coalesce(
        nullIf(transform(in_face, {faces:Array(String)}, {face_points:Array(String)}, ''), ''),
        nullIf(transform(out_face, {faces:Array(String)}, {face_points:Array(String)}, ''), ''),
        transform(exporter_text, {exporters:Array(String)}, {exporter_points:Array(String)}, '')) AS point,
      coalesce(nullIf(in_operator, ''), nullIf(own, ''), 'unknown') AS from_side,
      coalesce(nullIf(out_operator, ''), nullIf(own, ''), 'unknown') AS to_side,
      class, bytes
    FROM carried
  )
SELECT
  toUInt8(grouping(from_operator)) AS is_total,
  f.from_side AS from_operator,
  f.to_side AS to_operator,
  toString(sumIf(f.bytes, class = 'v6') AS v6_sum) AS v6_bytes,
  toString(sumIf(f.bytes, class = 'v4') AS v4_sum) AS v4_bytes,
  toString(v6_sum + v4_sum) AS total_bytes,
  toFloat64(v6_sum) / nullIf(toFloat64(v6_sum + v4_sum), 0) AS share
FROM faced AS f
WHERE point = 'interconnect'
  AND (empty({operator:Array(String)}) OR from_side IN {operator:Array(String)} OR to_side IN {operator:Array(String)})
GROUP BY GROUPING SETS ((from_operator, to_operator), ())
ORDER BY is_total DESC, v6_sum + v4_sum DESC, from_operator, to_operator

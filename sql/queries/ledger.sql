-- The books: units by exporter, stage, outcome and reason over [from_s, to_s), which must be whole five
-- minutes; sums of their changes.
SELECT
  toString(exporter) AS exporter_text,
  stage,
  outcome,
  reason,
  toString(sum(toInt128(count))) AS units
FROM ledger
WHERE at >= toDateTime({from_s:Int64}, 'UTC') AND at < toDateTime({to_s:Int64}, 'UTC')
  AND (empty({exporter:Array(String)}) OR has(arrayMap(address -> toIPv6(address), {exporter:Array(String)}), exporter))
GROUP BY exporter, stage, outcome, reason
ORDER BY exporter, stage, outcome, reason

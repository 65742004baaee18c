-- The books of all exporters together since the beginning, by stage, outcome and reason: what /metrics shows.
SELECT
  stage,
  outcome,
  reason,
  toString(sum(toInt128(count))) AS units
FROM ledger
GROUP BY stage, outcome, reason
ORDER BY stage, outcome, reason

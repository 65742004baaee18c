-- What part of each exporter's export arrived and was read in the period, by its books; NULL where its sequence
-- numbers tell nothing.
SELECT
  exporter,
  if(sumIf(count, stage = 'receive' AND outcome = 'expected') <= 0, NULL,
    least(1, greatest(0, 1 - sumIf(count, stage = 'receive' AND outcome = 'lost')
      / sumIf(count, stage = 'receive' AND outcome = 'expected')))
    * if(sumIf(count, stage = 'decode' AND outcome = 'received') <= 0, 1,
      least(1, greatest(0, 1 - sumIf(count, stage = 'decode' AND outcome = 'dropped')
        / sumIf(count, stage = 'decode' AND outcome = 'received'))))) AS completeness
FROM ledger
WHERE at >= toDateTime({from_s:Int64}, 'UTC') AND at < toDateTime({to_s:Int64}, 'UTC')
  AND stage IN ('receive', 'decode')
GROUP BY exporter

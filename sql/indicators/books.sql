-- The books by five minutes and exporter, one column for what indicators ask of them.
SELECT
  at AS bucket_at,
  exporter,
  if(stage = 'receive' AND outcome = 'expected', l.count, 0) AS expected,
  if(stage = 'receive' AND outcome = 'lost', l.count, 0) AS lost,
  if(stage = 'receive' AND outcome = 'received', l.count, 0) AS datagrams,
  if(stage = 'receive' AND outcome = 'dropped', l.count, 0) AS datagrams_dropped,
  if(stage = 'decode' AND outcome = 'received', l.count, 0) AS sets,
  if(stage = 'decode' AND outcome = 'dropped', l.count, 0) AS sets_dropped,
  if(stage = 'write' AND outcome = 'received', l.count, 0) AS rows
FROM ledger AS l
WHERE at >= toDateTime({from_s:Int64}, 'UTC') AND at < toDateTime({to_s:Int64}, 'UTC')

-- 各阶段账目：接收是否等于转发、持有、丢弃之和
-- The books since the beginning: at every stage received = forwarded + held + dropped, or missing is not 0.
SELECT
  stage,
  sumIf(l.count, outcome = 'received') AS received,
  sumIf(l.count, outcome = 'forwarded') AS forwarded,
  sumIf(l.count, outcome = 'held') AS held,
  sumIf(l.count, outcome = 'dropped') AS dropped,
  received - forwarded - held - dropped AS missing
FROM analyst.ledger AS l
GROUP BY stage
ORDER BY stage

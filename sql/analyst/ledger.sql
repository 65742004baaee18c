-- The books by five minutes: units by exporter, stage, outcome and reason; each key summed. :: is no exporter.
SELECT at, exporter, stage, outcome, reason, sum(l.count) AS count
FROM {database}.ledger AS l
GROUP BY at, exporter, stage, outcome, reason

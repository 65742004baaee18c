-- The steps of the snapshots of one month, or of all where none is named, oldest first.
SELECT
  toUnixTimestamp64Milli(at) AS at_ms,
  month,
  version,
  attempt,
  state,
  toUnixTimestamp64Milli(data_cut) AS data_cut_ms,
  reason,
  catalogue,
  questions,
  answered,
  differing,
  refused
FROM snapshots
WHERE {month:String} = '' OR month = {month:String}
ORDER BY at, version, answered

-- Every change of one submission, in order.
SELECT
  series,
  month,
  unit,
  change,
  event,
  version,
  state,
  toString(toUnixTimestamp64Milli(at)) AS at_ms_text,
  actor,
  role,
  rows,
  messages,
  errors,
  warnings,
  confirmed,
  reason
FROM submissions
WHERE series = {series:String} AND month = {month:String} AND unit = {unit:String}
ORDER BY change

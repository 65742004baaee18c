-- The figures in force of a series: of each month and unit the rows that were accepted last.
SELECT
  month,
  unit,
  argMax(version, change) AS accepted_version,
  argMax(rows, change) AS accepted_rows
FROM submissions
WHERE series = {series:String} AND state = 'accepted'
GROUP BY month, unit
ORDER BY month, unit

-- A page of submissions as they stand, the newest month first: each by its last change, or by its last acceptance.
SELECT
  month,
  series,
  unit,
  argMax(version, change) AS last_version,
  argMax(state, change) AS last_state,
  toString(toUnixTimestamp64Milli(argMax(at, change))) AS at_ms_text,
  argMax(actor, change) AS last_actor,
  argMax(role, change) AS last_role,
  argMax(reason, change) AS last_reason,
  argMax(JSONLength(rows), change) AS last_rows,
  argMax(errors, change) AS last_errors,
  argMax(warnings, change) AS last_warnings,
  argMax(confirmed, change) AS last_confirmed,
  arrayMap(row -> JSONExtractString(row, 'cells', 'object'), JSONExtractArrayRaw(argMax(rows, change))) AS last_objects
FROM submissions
WHERE (empty({months:Array(String)}) OR has({months:Array(String)}, month))
  AND (empty({series_ids:Array(String)}) OR has({series_ids:Array(String)}, series))
  AND (empty({units:Array(String)}) OR has({units:Array(String)}, unit))
  AND (NOT {accepted_only:Bool} OR state = 'accepted')
  AND ({after_month:String} = '' OR month < {after_month:String}
    OR (month = {after_month:String} AND (series, unit) > ({after_series:String}, {after_unit:String})))
GROUP BY month, series, unit
HAVING (empty({states:Array(String)}) OR has({states:Array(String)}, last_state))
  AND (empty({objects:Array(String)}) OR hasAny({objects:Array(String)}, last_objects))
ORDER BY month DESC, series, unit
LIMIT {row_limit:UInt32}

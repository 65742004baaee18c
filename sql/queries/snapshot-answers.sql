-- The answers that versions of a month's snapshot keep of one question, or of all, the newest version first.
-- `takes` pairs each version with the attempt that took it.
SELECT version, question, answer
FROM snapshot_answers
WHERE month = {month:String}
  AND ({question:String} = '' OR question = {question:String})
  AND (version, attempt) IN (
    SELECT arrayJoin(arrayZip({versions:Array(UInt16)}, {attempts:Array(String)}))
  )
ORDER BY question, version DESC
LIMIT {most:UInt32} BY question

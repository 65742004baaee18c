-- When the newest flow was received; 0 where there is none.
SELECT toUnixTimestamp64Milli(max(received_at)) AS at_ms
FROM flows

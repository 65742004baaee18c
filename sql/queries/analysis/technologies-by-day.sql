-- How IPv6 travels: scaled bytes by day in Asia/Shanghai and technology, over the last 30 days.
-- What a technology counts as in a share stands in schemas/flow/vocabulary.ts.
SELECT
  day,
  technology,
  family,
  sum(t.bytes_scaled) AS bytes,
  round(100 * bytes / sum(bytes) OVER (PARTITION BY day), 2) AS percent_of_day
FROM traffic AS t
WHERE hour_at >= now() - INTERVAL 30 DAY
GROUP BY day, technology, family
ORDER BY day, bytes DESC

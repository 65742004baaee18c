-- 近30天每个用户使用的前缀数（抽样面板）
-- How many prefixes one subscriber has in the last 30 days, by access and family, and on how many days the
-- subscriber is active, from the panel (one subscriber of 64): why a count of prefixes is no count of users.
-- Reads the tables behind the views: needs the right raw.
SELECT
  access,
  active_family,
  count() AS panel_users,
  round(avg(days), 1) AS days_active,
  quantileExact(0.5)(prefix_count) AS median_prefixes,
  round(avg(prefix_count), 1) AS mean_prefixes
FROM
(
  SELECT
    access,
    active_family,
    subscriber,
    uniqExact(starts_on) AS days,
    length(groupUniqArrayArray(p.prefixes)) AS prefix_count
  FROM panel_1d AS p
  WHERE starts_on >= toDate(now(), 'Asia/Shanghai') - 30
  GROUP BY access, active_family, subscriber
)
GROUP BY access, active_family
HAVING panel_users >= 10
ORDER BY access, active_family

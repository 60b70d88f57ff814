-- What was refused, by workload and reason: who asks beyond its grants, and which policy is missing or wrong.
-- Parameters: the first and the last day, as '2026-11-22'.
SELECT subject, audience, denial, count(*) AS denials, max(time) AS latest,
  array_join(array_distinct(flatten(array_agg(policies))), ', ') AS forbidden_by,
  array_join(array_distinct(flatten(array_agg(policyerrors))), ', ') AS in_error
FROM tvm_audit
WHERE dt BETWEEN ? AND ? AND detailtype = 'Token Denied'
GROUP BY subject, audience, denial
ORDER BY denials DESC;

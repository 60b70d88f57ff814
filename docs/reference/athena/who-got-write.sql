-- Who got a token that writes, and by which policies. What never left the machine does not count.
-- Parameters: the first and the last day, as '2026-11-22'; both twice.
SELECT subject, audience, count(*) AS tokens, min(time) AS earliest, max(time) AS latest,
  array_join(array_distinct(flatten(array_agg(policies))), ', ') AS permitted_by
FROM tvm_audit
WHERE dt BETWEEN ? AND ?
  AND detailtype = 'Token Issued'
  AND access IN ('write', 'read-write')
  AND tokenid NOT IN (
    SELECT tokenid FROM tvm_audit WHERE dt BETWEEN ? AND ? AND detailtype = 'Token Failed')
GROUP BY subject, audience
ORDER BY tokens DESC;

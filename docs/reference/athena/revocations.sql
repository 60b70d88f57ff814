-- Each revocation, and how long it took from the order until the last of its tokens was taken back.
-- Parameters: the first and the last day, as '2026-11-22'; both twice.
WITH completed AS (
  SELECT revocationid, revoked, time
  FROM tvm_audit
  WHERE dt BETWEEN ? AND ? AND detailtype = 'Revocation Completed'
)
SELECT ordered.time AS ordered_at, ordered.revocationid, ordered."by", ordered.reason, ordered.selector, completed.revoked,
  date_diff('millisecond', from_iso8601_timestamp(ordered.time), from_iso8601_timestamp(completed.time)) AS milliseconds
FROM tvm_audit AS ordered
LEFT JOIN completed ON completed.revocationid = ordered.revocationid
WHERE ordered.dt BETWEEN ? AND ? AND ordered.detailtype = 'Revocation Ordered'
ORDER BY ordered_at;

-- Everything one token did, and what was done about it.
-- Parameters: the first and the last day, as '2026-11-22'; the token's id.
SELECT time, detailtype, subject, audience, access, sourceip, "by", action, location, result, outcome, revokedby,
  revocationreason
FROM tvm_audit
WHERE dt BETWEEN ? AND ? AND tokenid = ?
ORDER BY time;

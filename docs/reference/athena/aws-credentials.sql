-- What was done in AWS with credentials that were had for a token, beside what the token was vended for. Whoever vends
-- such credentials sets the token's id as the SourceIdentity of the role session; AWS then keeps it in every event.
-- https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
-- Parameters: the first and the last day, as '2026-11-22'; the same two, as '2026/11/22'.
SELECT issued.tokenid, issued.subject, issued.authorizationdetails, issued.reason, used.eventtime, used.eventsource,
  used.eventname, used.useridentity.arn AS session_arn, used.sourceipaddress, used.errorcode, used.requestparameters
FROM tvm_audit AS issued
JOIN cloudtrail_logs AS used ON used.useridentity.sessioncontext.sourceidentity = issued.tokenid
WHERE issued.dt BETWEEN ? AND ?
  AND issued.detailtype = 'Token Issued'
  AND used.day BETWEEN ? AND ?
ORDER BY issued.tokenid, used.eventtime;

/** The exit codes of `tvm`. They are stable, so that scripts can rely on them. */
export const exitCodes = {
  done: 0,
  fault: 1,
  usage: 2,
  denied: 3,
  inactive: 4,
  tampered: 5,
  unknown: 6,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The meaning of each exit code, as listed by `--help`. */
export const exitCodeMeanings: Record<ExitCode, string> = {
  0: 'success; introspect: the token is active; explain: the request is allowed',
  1: 'service or archive unreachable, failing or throttling; policy: findings',
  2: 'invalid option, setting or input',
  3: 'denied by policy or IAM; not your token; trust check: the proof is refused',
  4: 'introspect: the token is not active; trust check: signature not evaluated',
  5: 'audit: objects changed, added, missing or late, or not fully verified',
  6: 'revoke-any: the name is unknown; nothing was revoked',
};

/** How `tvm` ends. The numbers are stable: a script may branch on them. */
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

/** What each exit code means, as `--help` lists them. */
export const exitCodeMeanings: Record<ExitCode, string> = {
  0: 'done; introspect: the token is active; explain: it would be allowed',
  1: 'a fault: the machine or archive cannot be reached, failed, or throttles; policy: something was found',
  2: 'an option, a setting or the input is at fault',
  3: 'refused: by policy, by IAM, or because the token is not yours; explain: it would be refused',
  4: 'introspect: the token is not active',
  5: 'audit: something in the archive was changed, added, is missing or late, or could not be judged',
  6: 'revoke-any: nothing known has the given name; nothing was revoked',
};

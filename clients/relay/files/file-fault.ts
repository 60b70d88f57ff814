/** What the codes of errno(3) mean for whoever reads the logs of an agent that writes files. */
const sentences: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be larger than this process may write (LimitFSIZE=)',
  EROFS: 'it is on a file system that is read-only here; does the unit name its folder in ReadWritePaths=?',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not do that',
  ENOENT: 'its folder, or the new file in it, was removed meanwhile',
  ENOTDIR: 'its path leads through something that is no folder',
  EISDIR: 'there is a folder in its place',
  ENOTEMPTY: 'there is a folder in its place',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'this process has too many files open',
  EIO: 'the disk fails',
};

/** Why a call on a file failed, as a sentence's end. Never what was to be written. */
export function fileFault(error: unknown): string {
  const code = codeOf(error) ?? 'unknown';
  if (error instanceof Error && 'syscall' in error && error.syscall === 'fchown') {
    return `this user may not give it to that owner or group (${code}); does the unit have CAP_CHOWN?`;
  }
  return sentences[code] ?? `error ${code}`;
}

/** The code of errno(3), such as `ENOENT`; nothing for an error of another kind. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

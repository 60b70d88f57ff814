/** Explanations of errno(3) codes for messages about a file that the agent writes. */
const sentences: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be larger than this process may write (LimitFSIZE=)',
  EROFS: 'it is on a read-only file system; is its folder in ReadWritePaths= of the unit?',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not do that',
  ENOENT: 'its folder, or the temporary file, was removed during the write',
  ENOTDIR: 'part of its path is not a folder',
  EISDIR: 'a folder has its name',
  ENOTEMPTY: 'a folder has its name',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'this process has too many files open',
  EIO: 'the disk fails',
};

/** Explains why a file operation failed, as a clause. Never contains the content of the file. */
export function fileFault(error: unknown): string {
  const code = codeOf(error) ?? 'unknown';
  if (error instanceof Error && 'syscall' in error && error.syscall === 'fchown') {
    return `this user may not change it to that owner or group (${code}); does the unit have CAP_CHOWN?`;
  }
  return sentences[code] ?? `error ${code}`;
}

/** Returns the errno(3) code, such as `ENOENT`, or undefined for another kind of error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** An error that the launcher explains: a code, what happened and why, and the next step. */
export class LauncherError extends Error {
  constructor(code, message, next) {
    super(message)
    this.code = code
    this.next = next
  }
}

/** Writes to stderr, because stdout belongs to the command. */
export function log(text) {
  process.stderr.write(`${text}\n`)
}

const REASONS = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
  ENOENT: 'it cannot be made',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'the path holds a loop of links',
}

/** The reason of a file error in words, with its code. */
export const reasonOf = (error) => `${REASONS[error.code] ?? error.message} (${error.code})`

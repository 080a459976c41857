/** A start that cannot go on. The message is one sentence with the remedy, for the person at the terminal. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}

/** The same, where an option of a process, or the variable in its place, is wrong. */
export class WrongSetting extends StartFailure {}

/** What a failed file operation in the home means and what to do about it. */
export function explainFileError(path: string, error: unknown): StartFailure {
  const code = (error as NodeJS.ErrnoException).code;
  return new StartFailure(`${sentence(path, code, error)}, or name another folder with --home or EVENKEEL_HOME.`);
}

function sentence(path: string, code: string | undefined, error: unknown): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `${path} cannot be written by this user (${code}): change its owner or mode`;
    case 'EROFS':
      return `${path} is on a read-only file system: mount it writable`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `the disk of ${path} is full (${code}): free some space`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${path} cannot be a folder, because a file of that name is in the way: move it away`;
    default:
      return `${path} cannot be used (${error instanceof Error ? error.message : String(error)}): mend that`;
  }
}

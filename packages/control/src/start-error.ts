/** Why the control plane cannot start: one sentence with the remedy, for the person at the terminal. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** The same, where an option or the variable in its place is wrong. */
export class WrongOption extends StartError {}

/** Exit code after it: that of the CLI and of most programs. */
export const WRONG_OPTION = 2;

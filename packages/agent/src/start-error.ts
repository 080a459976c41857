/** Something that keeps the node agent from starting; the message is one sentence with the remedy. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The same, where an option or the variable in its place is wrong. */
export class WrongOption extends StartError {}

/** Exit code after it: that of the CLI and of most programs. */
export const WRONG_OPTION = 2;

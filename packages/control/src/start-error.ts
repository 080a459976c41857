/** Why the control plane cannot start: one sentence with the remedy, for the person at the terminal. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

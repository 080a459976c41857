import type { ExitCode } from './exit-codes.ts';

/** A command that cannot be done. The message is one sentence for the person at the terminal; `details` follow it. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: ExitCode;
  readonly details: readonly string[];

  constructor(exitCode: ExitCode, message: string, details: readonly string[] = []) {
    super(message);
    this.exitCode = exitCode;
    this.details = details;
  }
}

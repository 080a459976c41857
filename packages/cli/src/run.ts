import { CommanderError } from 'commander';
import { binder, type Outcome } from './commands/call.ts';
import { flagOf } from './commands/field-flags.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';

/** Runs one command line. Resolves with the exit code; everything there is to say has been said. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  if (words[0] === 'complete') {
    const { complete } = await import('./completion/complete.ts');
    return complete(words.slice(1), io);
  }
  const outcome: Outcome = { exitCode: EXIT.ok };
  try {
    await buildProgram(io, binder(io, outcome)).parseAsync([...words], { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    // Help and version come as errors too; commander has printed them, and what was wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { explain } = await import('./explain.ts');
    const { text, exitCode } = explain(error, (field) =>
      outcome.command === undefined ? null : flagOf(outcome.command, field),
    );
    io.err(text);
    return exitCode;
  }
}

import { CommanderError } from 'commander';
import { binder } from './commands/call.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';

/** Runs one command line. Resolves with the exit code; everything there is to say has been said. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  if (words[0] === 'complete') {
    const { complete } = await import('./completion/complete.ts');
    return complete(words.slice(1), io);
  }
  const outcome = { exitCode: EXIT.ok as number };
  try {
    await buildProgram(io, binder(io, outcome)).parseAsync([...words], { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    // Help and version come as errors too; commander has printed them, and what was wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { explain } = await import('./explain.ts');
    const { text, exitCode } = explain(error);
    io.err(text);
    return exitCode;
  }
}

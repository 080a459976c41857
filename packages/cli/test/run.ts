import type { Io } from '../src/io.ts';
import { run } from '../src/run.ts';

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
  /** Whether a person sits at the other end; `answers` is what they type when asked. */
  readonly terminal?: boolean;
  readonly answers?: readonly string[];
}

/** Runs a command line in this process. */
export async function cli(words: readonly string[], around: Surroundings = {}): Promise<Ran> {
  const written = { out: '', err: '' };
  const answers = [...(around.answers ?? [])];
  const terminal = around.terminal ?? false;
  const io: Io = {
    env: around.env ?? {},
    inIsTerminal: terminal,
    outIsTerminal: terminal,
    errIsTerminal: terminal,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    drained: async () => {},
    readInput: async () => around.input ?? '',
    ask: async (question) => {
      written.err += question;
      return answers.shift() ?? '';
    },
  };
  const exitCode = await run(words, io);
  return { exitCode, ...written };
}

import { createInterface } from 'node:readline/promises';

/** What a command has of the world around it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inIsTerminal: boolean;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  out(text: string): void;
  err(text: string): void;
  /** Resolves when whoever reads our output has taken so much of it that there may be more. */
  drained(): Promise<void>;
  /** All of standard input, at most `limit` bytes; throws a RangeError beyond. */
  readInput(limit: number): Promise<string>;
  /** One line from the terminal. */
  ask(question: string): Promise<string>;
}

export function processIo(): Io {
  return {
    env: process.env,
    inIsTerminal: process.stdin.isTTY === true,
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    async drained() {
      if (!process.stdout.writableNeedDrain) return;
      await new Promise<void>((resolve) => process.stdout.once('drain', resolve).once('close', resolve));
    },
    readInput,
    async ask(question) {
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      // Ctrl-D closes the terminal without an answer.
      const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
      try {
        return await Promise.race([terminal.question(question), closed]);
      } finally {
        terminal.close();
      }
    },
  };
}

async function readInput(limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new RangeError(`more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

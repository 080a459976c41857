/** Lines of one process that reach the terminal within a window; the log file has all of them. */
const MOST = 10;
const WINDOW = 10_000;

/** What has been shown is not shown again for so long, in milliseconds: what fails is tried again and again. */
const REPEAT = 60_000;
/** Texts that are remembered for that. */
const REMEMBERED = 50;

/** Level of an error in the numbering of pino. */
const ERROR_LEVEL = 50;

/**
 * What of a process's output a person at the terminal should see: errors of its JSON log, and whatever it says outside
 * of it on stderr; not more than they can read.
 */
export class Spoken {
  readonly #now: () => number;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;
  /** By text, when it was shown; the oldest first. */
  readonly #shown = new Map<string, number>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The text to show for a line, or null. */
  of(line: string, fromStderr: boolean): string | null {
    const text = textOf(line, fromStderr);
    if (text === null || this.#repeats(text)) return null;
    if (this.#now() - this.#since > WINDOW) {
      this.#since = this.#now();
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > MOST) return null;
    this.#remember(text);
    return this.#count === MOST ? `${text} (more is in the log)` : text;
  }

  #repeats(text: string): boolean {
    const at = this.#shown.get(text);
    return at !== undefined && this.#now() - at < REPEAT;
  }

  #remember(text: string): void {
    this.#shown.delete(text);
    this.#shown.set(text, this.#now());
    if (this.#shown.size > REMEMBERED) this.#shown.delete(this.#shown.keys().next().value!);
  }
}

/** The words of a line that a person should see, or null. */
export function textOf(line: string, fromStderr: boolean): string | null {
  const entry = parseObject(line);
  if (entry === null) return fromStderr ? withoutName(line) : null;
  if (typeof entry.level !== 'number' || entry.level < ERROR_LEVEL) return null;
  return withoutName(String(entry.msg ?? line));
}

/** Processes say who they are in front; the terminal is told by whoever shows the line. */
function withoutName(line: string): string {
  return line.replace(/^evenkeel(-\w+)?: /, '');
}

/** A JSON object on one line, or null. */
export function parseObject(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

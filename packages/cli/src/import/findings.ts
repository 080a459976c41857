/** Where a statement of the foreign configuration stands. */
export interface Origin {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The statement as it is written, without what is around it. */
  readonly text: string;
}

/**
 * `to-do`: something has to be made first or chosen; `differs`: it is carried over and works in another way; `left-out`:
 * it has no counterpart, or the import does not know it.
 */
export const FINDING_KINDS = ['to-do', 'differs', 'left-out'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding extends Origin {
  readonly kind: FindingKind;
  readonly detail: string;
}

/** What a person has to know of an import; the same thing of the same statement is told once. */
export class Findings {
  readonly #all = new Map<string, Finding>();

  add(kind: FindingKind, { file, line, text }: Origin, detail: string): void {
    this.#all.set(`${file}\0${line}\0${text}\0${detail}`, { kind, file, line, text, detail });
  }

  /** In the order of the files' lines; files in the order of their first finding. */
  get list(): Finding[] {
    const files = new Map<string, number>();
    for (const { file } of this.#all.values()) if (!files.has(file)) files.set(file, files.size);
    return [...this.#all.values()].sort(
      (a, b) => (files.get(a.file) ?? 0) - (files.get(b.file) ?? 0) || a.line - b.line,
    );
  }
}

/** A statement that cannot be carried over; the message says why, as the rest of a sentence about it. */
export class NotCarried extends Error {}

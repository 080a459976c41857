import type { PlannedRewrite } from '@evenkeel/model/plan/rules.ts';
import { PatternGroups } from '@evenkeel/model/regex/groups.ts';
import { compilePattern } from '@evenkeel/model/regex/program.ts';
import type { InsertBlock } from '../../http1/insert-block.ts';
import { settledPattern } from '../request/settled-pattern.ts';

type PlannedPathRewrite = NonNullable<PlannedRewrite['path']>;

const SLASH = 47;

/** Makes the path that the target sees out of the one that the client has asked for. */
export class PathRewrite {
  readonly #kind: PlannedPathRewrite['kind'];
  readonly #groups: PatternGroups | null;
  /** Bytes, and numbers of groups. */
  readonly #replacement: readonly (Uint8Array | number)[];

  constructor({ kind, pattern, replacement }: PlannedPathRewrite) {
    this.#kind = kind;
    const program = kind === 'regex' ? compilePattern(settledPattern(pattern), false) : null;
    this.#groups = program === null ? null : new PatternGroups(program);
    const parts = program === null ? [replacement] : replacement.split(/(\$[1-9])/);
    this.#replacement = parts
      .filter((part) => part !== '')
      .map((part) => (program !== null && /^\$[1-9]$/.test(part) ? groupOf(part, program.groups) : literal(part)));
  }

  /**
   * Writes the path for memory[start, end); `prefix`: bytes of it that the rule has named. It begins with a slash, as it
   * must, whatever the rule says. False: there is no room for it.
   */
  write(out: InsertBlock, memory: Uint8Array, start: number, end: number, prefix: number): boolean {
    const begin = out.end;
    if (out.room < end - start + 1) return false;
    // Taken away again if the path has one itself.
    out.text('/');
    let written: boolean;
    switch (this.#kind) {
      case 'whole':
        written = this.#replace(out);
        break;
      case 'prefix':
        written = this.#replace(out) && add(out, start + prefix, end);
        break;
      case 'regex':
        written = this.#replaceMatch(out, memory, start, end);
        break;
    }
    if (written && memory[begin + 1] === SLASH && out.end > begin + 1) {
      memory.copyWithin(begin, begin + 1, out.end);
      out.end--;
    }
    return written;
  }

  #replaceMatch(out: InsertBlock, memory: Uint8Array, start: number, end: number): boolean {
    const groups = this.#groups;
    if (groups === null || !groups.find(memory, start, end)) return add(out, start, end);
    const { places } = groups;
    return add(out, start, places[0]!) && this.#replace(out) && add(out, places[1]!, end);
  }

  #replace(out: InsertBlock): boolean {
    for (const part of this.#replacement) {
      if (typeof part !== 'number') {
        if (part.length > out.room) return false;
        out.bytes(part);
        continue;
      }
      const places = this.#groups?.places;
      const from = places?.[part * 2] ?? -1;
      const to = places?.[part * 2 + 1] ?? -1;
      if (from >= 0 && to >= from && !add(out, from, to)) return false;
    }
    return true;
  }
}

/** A group that the expression does not have is empty. */
function groupOf(part: string, groups: number): number {
  return Math.min(Number(part[1]), groups + 1);
}

function literal(text: string): Uint8Array {
  return Buffer.from(text.replace(/[^!-~]|[#?]/gu, encodeURIComponent), 'latin1');
}

function add(out: InsertBlock, start: number, end: number): boolean {
  if (end - start > out.room) return false;
  out.span(start, end);
  return true;
}

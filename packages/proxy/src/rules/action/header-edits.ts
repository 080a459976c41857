import type { HeaderVariable } from '@evenkeel/model/plan/header-variables.ts';
import type { PlannedHeaderEdit } from '@evenkeel/model/plan/rules.ts';
import { Field, fieldCode } from '../../http1/field-names.ts';
import type { FieldTable } from '../../http1/fields.ts';
import type { InsertBlock } from '../../http1/insert-block.ts';
import { HeaderTemplate } from './header-template.ts';
import type { VariableValues } from './variables.ts';

/** Known fields that an edit may be about: nothing depends on them. All others are of framing, routing or forwarding. */
const EDITABLE: ReadonlySet<number> = new Set([
  Field.other,
  Field.userAgent,
  Field.referer,
  Field.requestId,
  Field.cookie,
  Field.setCookie,
  Field.date,
]);

const LINE_END = Uint8Array.of(13, 10);

interface Line {
  readonly name: string;
  /** With the colon and a space. */
  readonly start: Uint8Array;
  readonly value: HeaderTemplate;
}

/** What a rule changes of the fields of a message, worked out: names that go, and lines that come. */
export class HeaderEdits {
  readonly variables: ReadonlySet<HeaderVariable>;
  /** In lower case. */
  readonly removed: ReadonlySet<string>;
  /** Something is said of `Date`: there is none but what is left of it then. */
  readonly namesDate: boolean;
  /** As they were given. */
  readonly edits: readonly PlannedHeaderEdit[];
  readonly #names: readonly Uint8Array[];
  readonly #lines: readonly Line[];

  /** The edits in their order; `alsoRemoved` are names that go besides, in lower case. */
  constructor(edits: readonly PlannedHeaderEdit[], alsoRemoved: readonly string[] = []) {
    const removed = new Set<string>(alsoRemoved);
    let lines: Line[] = [];
    for (const { operation, name, value } of edits) {
      const lower = name.toLowerCase();
      if (!isEditable(lower)) continue;
      if (operation !== 'add') {
        removed.add(lower);
        lines = lines.filter((line) => line.name !== lower);
      }
      if (operation !== 'remove') {
        lines.push({ name: lower, start: Buffer.from(`${name}: `, 'latin1'), value: new HeaderTemplate(value) });
      }
    }
    this.edits = edits;
    this.removed = removed;
    this.namesDate = removed.has('date') || lines.some(({ name }) => name === 'date');
    this.#names = Array.from(removed, (name) => Buffer.from(name, 'latin1'));
    this.#lines = lines;
    this.variables = new Set(lines.flatMap((line) => line.value.variables));
  }

  get isEmpty(): boolean {
    return this.#names.length === 0 && this.#lines.length === 0;
  }

  /**
   * Whether the field goes. `_` counts as `-`: programs behind CGI, WSGI and the like cannot tell them apart, and what a
   * rule has taken away must not come back in disguise.
   */
  removes(memory: Uint8Array, fields: FieldTable, index: number): boolean {
    const start = fields.nameStart(index);
    const length = fields.nameEnd(index) - start;
    for (const name of this.#names) {
      if (name.length === length && isName(name, memory, start)) return true;
    }
    return false;
  }

  /** Adds the lines that come; false: there is no room for them. `values`: null where no variable is. */
  write(out: InsertBlock, values: VariableValues | null): boolean {
    for (const { start, value } of this.#lines) {
      if (start.length > out.room) return false;
      out.bytes(start);
      if (!value.write(out, values) || out.room < 2) return false;
      out.bytes(LINE_END);
    }
    return true;
  }
}

/** Whether rules may change the header of this name, which is in lower case. */
export function isEditable(name: string): boolean {
  const bytes = Buffer.from(name, 'latin1');
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && EDITABLE.has(fieldCode(bytes, 0, bytes.length));
}

const DASH = 45;
const UNDERSCORE = 95;

function isName(name: Uint8Array, memory: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) {
    let byte = memory[start + i]!;
    if (byte >= 65 && byte <= 90) byte += 32;
    const wanted = name[i]!;
    if (byte !== wanted && !(isDash(byte) && isDash(wanted))) return false;
  }
  return true;
}

function isDash(byte: number): boolean {
  return byte === DASH || byte === UNDERSCORE;
}

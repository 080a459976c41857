import type { HeaderVariable } from '@evenkeel/model/plan/header-variables.ts';
import type { InsertBlock } from '../../http1/insert-block.ts';
import { isHeaderVariable, type VariableValues } from './variables.ts';

/** The value of a header, with `${variable}` in it, ready to be filled in. */
export class HeaderTemplate {
  readonly variables: readonly HeaderVariable[];
  readonly #parts: readonly (Uint8Array | HeaderVariable)[];

  /** Bytes that no field value may hold are left out: the model lets none in. */
  constructor(value: string) {
    const parts: (Uint8Array | HeaderVariable)[] = [];
    for (const part of value.split(/(\$\{[^}]*\})/)) {
      const name = part.startsWith('${') ? part.slice(2, -1) : '';
      if (isHeaderVariable(name)) parts.push(name);
      else if (part !== '') parts.push(fieldBytes(part));
    }
    this.#parts = parts;
    this.variables = parts.filter((part) => typeof part === 'string');
  }

  /** Writes the value; false: there is no room for it, and part of it may be there. `values`: null where no variable is. */
  write(out: InsertBlock, values: VariableValues | null): boolean {
    for (const part of this.#parts) {
      const piece = typeof part === 'string' ? (values?.of(part) ?? '') : part;
      if (piece.length > out.room) return false;
      if (typeof piece === 'string') out.text(piece);
      else out.bytes(piece);
    }
    return true;
  }
}

/** Text as the bytes of a field value: UTF-8, without what would end the field. */
export function fieldBytes(text: string): Uint8Array {
  return Buffer.from(text).filter((byte) => byte === 9 || (byte >= 32 && byte !== 127));
}

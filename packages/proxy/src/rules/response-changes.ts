import type { FieldChanges } from '../http1/field-changes.ts';
import type { FieldTable } from '../http1/fields.ts';
import type { InsertBlock } from '../http1/insert-block.ts';
import type { HeaderEdits } from './action/header-edits.ts';
import type { VariableValues } from './action/variables.ts';

/** What a listener and a rule change of a response, put together in memory of the worker before the head is touched. */
export class ResponseChanges implements FieldChanges {
  linesStart = 0;
  linesEnd = 0;
  readonly replacesHost = false;
  readonly #block: InsertBlock;
  #headers: HeaderEdits | null = null;

  constructor(block: InsertBlock) {
    this.#block = block;
  }

  /** False: there is no room for the lines. */
  compose(headers: HeaderEdits, values: VariableValues | null): boolean {
    const block = this.#block;
    this.#headers = headers;
    block.clear();
    this.linesStart = block.end;
    const written = headers.write(block, values);
    this.linesEnd = block.end;
    return written;
  }

  /** Bytes by which the head grows at most. */
  get growth(): number {
    return this.linesEnd - this.linesStart;
  }

  get namesDate(): boolean {
    return this.#headers?.namesDate ?? false;
  }

  removes(memory: Uint8Array, fields: FieldTable, index: number): boolean {
    return this.#headers?.removes(memory, fields, index) ?? false;
  }
}

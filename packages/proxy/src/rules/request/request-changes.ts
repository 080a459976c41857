import type { PlannedJwt } from '@evenkeel/model/plan/rules.ts';
import type { FieldChanges } from '../../http1/field-changes.ts';
import type { FieldTable } from '../../http1/fields.ts';
import type { InsertBlock } from '../../http1/insert-block.ts';
import type { RequestHead } from '../../http1/request-head.ts';
import type { HeaderEdits } from '../action/header-edits.ts';
import type { VariableValues } from '../action/variables.ts';
import type { CompiledRule } from '../compiled-rule.ts';
import { claimLines } from '../jwt/claim-lines.ts';
import { isSettled } from './target-path.ts';

const SLASH = 47;

/**
 * What a rule changes of a request on its way to the target, put together in memory of the worker before the head is
 * touched, so that it is known how much the head will grow.
 */
export class RequestChanges implements FieldChanges {
  /** Whether there is anything to change. */
  any = false;
  linesStart = 0;
  linesEnd = 0;
  replacesHost = false;
  readonly namesDate = false;
  /** What goes on says other things than the log does of the request that came. */
  changesLogged = false;
  readonly #block: InsertBlock;
  #headers: HeaderEdits | null = null;
  #claims = '';
  #pathStart = 0;
  #pathEnd = 0;
  /** Bytes of the path that the client has asked for, and of what stands behind it. */
  #oldPath = 0;
  #query = 0;

  constructor(block: InsertBlock) {
    this.#block = block;
  }

  none(): void {
    this.any = false;
    this.#claims = '';
    this.replacesHost = false;
    this.#pathStart = this.#pathEnd = 0;
  }

  takeClaims(planned: PlannedJwt['claims'], claims: Readonly<Record<string, unknown>>): void {
    this.#claims = claimLines(planned, claims);
  }

  /** Puts everything together; `prefix`: bytes of the path that the rule has named. */
  compose(
    rule: CompiledRule,
    values: VariableValues,
    head: RequestHead,
    pathEnd: number,
    prefix: number,
  ): 'composed' | 'too-large' | 'unsafe-path' {
    const block = this.#block;
    block.clear();
    const { memory } = block;
    this.any = true;
    this.#headers = rule.requestHeaders;
    this.changesLogged = rule.changesLogged;
    if (rule.path !== null && memory[head.pathStart] === SLASH) {
      this.#pathStart = block.end;
      if (!rule.path.write(block, memory, head.pathStart, pathEnd, prefix)) return 'too-large';
      this.#pathEnd = block.end;
      this.#oldPath = pathEnd - head.pathStart;
      this.#query = head.targetEnd - pathEnd;
      if (!isSettled(memory, this.#pathStart, this.#pathEnd)) return 'unsafe-path';
    }
    this.linesStart = block.end;
    const extra = this.#claims + (rule.hostLine ?? '');
    if (extra.length > block.room) return 'too-large';
    block.text(extra);
    if (!rule.requestHeaders.write(block, values)) return 'too-large';
    this.linesEnd = block.end;
    this.replacesHost = rule.hostLine !== null;
    return 'composed';
  }

  /** Bytes by which the head grows at most. */
  get growth(): number {
    if (!this.any) return 0;
    const path = this.#pathEnd - this.#pathStart;
    return this.linesEnd - this.linesStart + (path === 0 ? 0 : Math.max(0, path - this.#oldPath));
  }

  removes(memory: Uint8Array, fields: FieldTable, index: number): boolean {
    return this.#headers?.removes(memory, fields, index) ?? false;
  }

  /** Writes the new path into the request line of `head`, which has room in front of it. */
  changeLine(head: RequestHead): void {
    const length = this.#pathEnd - this.#pathStart;
    if (length === 0) return;
    const { memory } = this.#block;
    const to = head.targetEnd - this.#query - length;
    const methodStart = to - (head.targetStart - head.methodStart);
    // The method goes first: a longer path begins where it stood.
    memory.copyWithin(methodStart, head.methodStart, head.targetStart);
    memory.copyWithin(to, this.#pathStart, this.#pathEnd);
    head.methodEnd += methodStart - head.methodStart;
    head.methodStart = methodStart;
    head.targetStart = to;
    head.pathStart = to;
  }
}

import type { FieldChanges } from '../http1/field-changes.ts';
import { equalsIgnoringCase, type FieldTable } from '../http1/fields.ts';
import type { InsertBlock } from '../http1/insert-block.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { Coding } from './accepted-coding.ts';

/** Longest entity tag that is weakened; a longer one is taken away. */
const MAX_TAG = 512;

const NAMES = { [Coding.none]: '', [Coding.gzip]: 'gzip', [Coding.brotli]: 'br' } as const;

/**
 * What becomes of a response's fields when its body is compressed: another length or framing, the coding, Vary; a strong
 * entity tag becomes a weak one (RFC 9110 section 8.8.3.3), and parts are not offered, as they would be of other bytes. A
 * 304 has the tag and Vary that the whole answer had (RFC 9110 section 15.4.5), or caches would not find their copy.
 */
export class CompressedHead implements FieldChanges {
  linesStart = 0;
  linesEnd = 0;
  readonly replacesHost = false;
  #rules: FieldChanges | null = null;

  /** `coding`: none for a 304. `length`: of the compressed body; -1: it comes in chunks. `rules`: what else is changed. */
  compose(
    block: InsertBlock,
    memory: Uint8Array,
    { fields }: ResponseHead,
    coding: Coding,
    length: number,
    rules: FieldChanges | null,
  ): void {
    this.#rules = rules;
    // The lines of the rules lie in the same block.
    if (rules === null) block.clear();
    this.linesStart = rules === null ? block.end : rules.linesStart;
    block.text('Vary: Accept-Encoding\r\n');
    if (coding !== Coding.none) {
      block.text(`Content-Encoding: ${NAMES[coding]}\r\n`);
      block.text(length < 0 ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${length}\r\n`);
    }
    for (let i = 0; i < fields.count; i++) {
      if (!isTag(memory, fields, i)) continue;
      const [start, end] = [fields.valueStart(i), fields.valueEnd(i)];
      if (end - start > MAX_TAG) continue;
      block.text(memory[start] === 87 /* W */ ? 'ETag: ' : 'ETag: W/');
      block.span(start, end);
      block.text('\r\n');
    }
    this.linesEnd = block.end;
  }

  /** Bytes by which the head grows at most. */
  get growth(): number {
    return this.linesEnd - this.linesStart;
  }

  get namesDate(): boolean {
    return this.#rules?.namesDate ?? false;
  }

  removes(memory: Uint8Array, fields: FieldTable, index: number): boolean {
    const [start, end] = [fields.nameStart(index), fields.nameEnd(index)];
    return (
      isTag(memory, fields, index) ||
      equalsIgnoringCase(memory, start, end, 'content-length') ||
      equalsIgnoringCase(memory, start, end, 'transfer-encoding') ||
      equalsIgnoringCase(memory, start, end, 'accept-ranges') ||
      (this.#rules?.removes(memory, fields, index) ?? false)
    );
  }
}

function isTag(memory: Uint8Array, fields: FieldTable, index: number): boolean {
  return equalsIgnoringCase(memory, fields.nameStart(index), fields.nameEnd(index), 'etag');
}

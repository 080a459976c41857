import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CountedArena } from '../reactor/counted-arena.ts';
import { asciiSegment } from '../telemetry/ascii-segment.ts';
import { BLOCK_SIZE, InsertBlock } from './insert-block.ts';

describe('InsertBlock', () => {
  it('puts lines of all kinds behind each other, and begins anew', () => {
    const arena = new CountedArena(1);
    const block = new InsertBlock(arena);
    const constant = arena.intern(Buffer.from('constant\r\n'));
    for (let length = 0; length < 40; length++) {
      block.clear();
      block.segment(asciiSegment('x'.repeat(length)));
      block.text('text\r\n');
      block.constant(constant);
      block.segment(asciiSegment('segment'));
      const bytes = arena.memory.slice(block.start, block.end);
      assert.equal(Buffer.from(bytes).toString(), `${'x'.repeat(length)}text\r\nconstant\r\nsegment`);
    }
  });

  it('segments that fill it to the last byte leave what lies behind it alone', () => {
    const arena = new CountedArena(1);
    const block = new InsertBlock(arena);
    const behind = arena.intern(Buffer.from('untouched'));
    const line = asciiSegment('some line\r\n');
    while (block.room >= line.length) block.segment(line);
    block.segment(asciiSegment('z'.repeat(block.room)));
    assert.equal(block.end - block.start, BLOCK_SIZE);
    assert.equal(Buffer.from(arena.memory.slice(behind.start, behind.end)).toString(), 'untouched');
  });
});

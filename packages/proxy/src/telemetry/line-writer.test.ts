import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asciiJson, asciiSegment } from './ascii-segment.ts';
import { LineWriter } from './line-writer.ts';

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const encode = (text: string): DataView => viewOf(new TextEncoder().encode(text));

function written(write: (out: LineWriter) => void): string {
  const bytes = new Uint8Array(new SharedArrayBuffer(32 * 1024));
  const out = new LineWriter(bytes);
  out.at = 3;
  write(out);
  return new TextDecoder('latin1').decode(bytes.slice(3, out.at));
}

describe('line writer', () => {
  it('writes segments of every length', () => {
    for (let length = 0; length < 40; length++) {
      const text = 'abcdefghijklmnopqrstuvwxyz0123456789~!@#'.slice(0, length);
      assert.equal(
        written((out) => out.segment(asciiSegment(text))),
        text,
      );
    }
    const every = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join('');
    assert.equal(
      written((out) => out.segment(asciiSegment(every))),
      every,
    );
  });

  it('refuses segments that are not ASCII', () => {
    assert.throws(() => asciiSegment('é'), RangeError);
    const name = '华 "é" 😀\u007f';
    assert.equal(JSON.parse(written((out) => out.segment(asciiSegment(asciiJson(name))))), name);
  });

  it('writes whole numbers as digits', () => {
    const numbers = [0, 7, 9, 10, 99, 100, 65_535, 999_999_999, 1e9, 2 ** 31, 2 ** 32, 1e10 + 5, 2 ** 53 - 1];
    for (const number of numbers)
      assert.equal(
        written((out) => out.integer(number)),
        String(number),
      );
  });

  it('writes milliseconds with three decimals', () => {
    const cases = [0, 0.0004, 0.0005, 0.9996, 1.25, 12.3456, 59_999.9999, 3_600_000, 86_400_000.123];
    for (const value of cases) {
      assert.equal(
        written((out) => out.milliseconds(value)),
        (Math.round(value * 1_000) / 1_000).toFixed(3),
      );
    }
  });

  it('writes times as ISO 8601, across seconds', () => {
    const times = [0, 999.9, 1_000, 1_767_225_599_999, 1_767_225_600_000, 1_767_225_600_007.9, 1_767_225_599_000];
    const bytes = new Uint8Array(1024);
    const out = new LineWriter(bytes);
    for (const time of times) {
      out.at = 0;
      out.time(time);
      assert.equal(new TextDecoder().decode(bytes.subarray(0, out.at)), new Date(Math.floor(time)).toISOString());
    }
  });

  it('escapes so that every byte can be read back by a JSON parser', () => {
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const text = written((out) => out.escaped(viewOf(every), 0, 256, 8_192));
    assert.match(text, /^[\x20-\x7e]*$/);
    assert.deepEqual(
      Uint8Array.from(JSON.parse(`"${text}"`) as string, (unit) => unit.charCodeAt(0)),
      every,
    );
  });

  it('escapes at every place of a word', () => {
    for (let byte = 0; byte < 256; byte++) {
      for (let place = 0; place < 5; place++) {
        const source = new Uint8Array([0x20, 0x7e, 0x21, 0x5b, 0x5d]);
        source[place] = byte;
        const text = written((out) => out.escaped(viewOf(source), 0, 5, 100));
        assert.deepEqual(
          [...(JSON.parse(`"${text}"`) as string)].map((unit) => unit.charCodeAt(0)),
          [...source],
        );
        assert.equal(text.length, byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c ? 10 : 5, `${byte}`);
      }
    }
  });

  it('takes only the span', () => {
    assert.equal(
      written((out) => out.escaped(encode('"/a\n"'), 1, 3, 100)),
      '/a',
    );
    assert.equal(
      written((out) => out.escaped(encode('abc'), 2, 2, 100)),
      '',
    );
  });

  it('cuts off what is too long between two characters, and says so', () => {
    for (const byte of [0x61, 0x00]) {
      const long = new Uint8Array(1_000).fill(byte);
      const text = written((out) => {
        out.escaped(viewOf(long), 0, 1_000, 100);
        assert.equal(out.clipped, true);
      });
      assert.ok(text.length <= 100 && text.length > 88, `${text.length}`);
      JSON.parse(`"${text}"`);
    }
    written((out) => {
      out.escaped(encode('short'), 0, 5, 100);
      assert.equal(out.clipped, false);
    });
  });
});

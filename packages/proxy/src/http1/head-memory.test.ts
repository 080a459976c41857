import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../reactor/simulated/random.ts';
import { HeadError } from './head-error.ts';
import { RequestHead } from './request-head.ts';
import { ResponseHead } from './response-head.ts';

const FIELDS = [
  'Host: shop.example\r\nUser-Agent: test/1.0\r\nAccept: */*\r\n\r\n',
  'Host: a\r\nConnection: close, x-one\r\nReferer: http://a/b\r\nX-One: 1\r\nX-Request-Id: 77\r\n\r\n',
  'Host: a\r\nConnection: keep-alive\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n',
  'Host: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nTE: trailers\r\nKeep-Alive: 5\r\nCookie: a=b\r\n\r\n',
  'Host: a\r\nContent-Length: 4\r\nUser-Agent: test/1.0\r\n\r\n',
  'Host: a\r\nContent-Length:  4\r\nUser-Agent: test/1.0\r\n\r\n',
  'Host: a, b\r\nUser-Agent: test/1.0\r\n\r\n',
  'Host: a\r\nTransfer-Encoding: chunked\r\nUser-Agent: test/1.0\r\n\r\n',
  'Host: a\r\nExpect: 100-continue\r\nUser-Agent: test/1.0\r\n\r\n',
];
const LINES = [
  'GET / HTTP/1.1\r\n',
  'POST /a/longer/one?q=1 HTTP/1.1\r\n',
  'GET http://a/x HTTP/1.1\r\n',
  'GET / HTTP/1.0\r\n',
];

const RESPONSE_FIELDS = [
  'Date: Sat, 21 Nov 2026 07:00:00 GMT\r\nContent-Length: 4\r\nServer: one\r\n\r\n',
  'Date: Sat, 21 Nov 2026 07:00:00 GMT\r\nContent-Length:   4 \r\nServer: one\r\n\r\n',
  'Transfer-Encoding: chunked\r\nConnection: close\r\nServer: one\r\n\r\n',
  'Server: one\r\nConnection: keep-alive, x-one\r\nX-One: 1\r\nUpgrade: h2c\r\n\r\n',
];
const STATUS_LINES = ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 404 \r\n', 'HTTP/1.0 200 OK\r\n', 'HTTP/1.1 103 Early\r\n'];

/** Everything that a head says, with the fields written out. */
function told(head: RequestHead | ResponseHead): unknown {
  const { fields, ...rest } = { ...head, remembered: null, slot: 0 };
  const { base, spans, length, first, ...table } = fields;
  const list = Array.from({ length: fields.count }, (_, i) => [
    fields.code(i),
    fields.nameStart(i),
    fields.nameEnd(i),
    fields.valueStart(i),
    fields.valueEnd(i),
    fields.lineEnd(i),
  ]);
  return {
    rest,
    table,
    list,
    end: fields.end,
    first: Array.from(first, (_, code) => fields.indexOf(code)),
  };
}

const place = (text: string, offset: number) => Buffer.concat([Buffer.alloc(offset), Buffer.from(text, 'latin1')]);

describe('HeadMemory', () => {
  it('what is remembered says what reading says, wherever it lies and whatever is behind it', () => {
    const warm = new RequestHead();
    let found = 0;
    for (let round = 0; round < 4; round++) {
      for (const fields of FIELDS) {
        for (const [offset, line] of LINES.entries()) {
          const memory = place(`${line}${fields}GET /next`, offset);
          const cold = new RequestHead();
          const expected = cold.parse(memory, offset, memory.length);
          assert.equal(warm.parse(memory, offset, memory.length, warm.slot), expected, line + fields);
          if (warm.remembered !== null) found++;
          if (expected === HeadError.none) assert.deepEqual(told(warm), told(cold), line + fields);
        }
      }
    }
    assert.ok(found > 0);
  });

  it('finds what a connection repeats from its second request on', () => {
    const head = new RequestHead();
    const memory = place(LINES[0]! + FIELDS[0]!, 0);
    const remembered = [1, 2, 3].map(() => {
      assert.equal(head.parse(memory, 0, memory.length, head.slot), HeadError.none);
      return head.remembered !== null;
    });
    assert.deepEqual(remembered, [false, true, true]);
  });

  it('one other byte, one byte less or a head that is not all there is never taken for the known one', () => {
    const text = LINES[0]! + FIELDS[1]!;
    const memory = place(text, 0);
    for (let at = LINES[0]!.length; at < text.length; at++) {
      const head = new RequestHead();
      for (let i = 0; i < 3; i++) head.parse(memory, 0, memory.length, head.slot);
      const changed = Buffer.from(memory);
      changed[at] = changed[at]! ^ 1;
      const cold = new RequestHead();
      const expected = cold.parse(changed, 0, changed.length);
      assert.equal(head.parse(changed, 0, changed.length, head.slot), expected, `byte ${at}`);
      if (expected === HeadError.none) assert.deepEqual(told(head), told(cold), `byte ${at}`);
    }
    const head = new RequestHead();
    for (let i = 0; i < 3; i++) head.parse(memory, 0, memory.length, head.slot);
    for (let end = LINES[0]!.length; end < text.length; end++) {
      assert.equal(head.parse(memory, 0, end, head.slot), HeadError.incomplete, `${end} bytes`);
    }
  });

  it('fields behind a known beginning say what reading says, and are known themselves when they stay', () => {
    const head = new RequestHead();
    const next = (tail: string): boolean => {
      const memory = place(`${LINES[0]}Host: shop.example\r\nUser-Agent: test/1.0\r\nAccept: */*\r\n${tail}\r\n`, 1);
      const cold = new RequestHead();
      assert.equal(cold.parse(memory, 1, memory.length), HeadError.none);
      const { slot } = head;
      assert.equal(head.parse(memory, 1, memory.length, slot), HeadError.none);
      assert.deepEqual(told(head), told(cold), tail);
      return head.fields.base > 0;
    };
    for (let i = 0; i < 100; i++) next(`Trace: ${i}\r\nConnection: close\r\nReferer: /${i}\r\n`);
    const whole = Array.from({ length: 40 }, () => next('Trace: last\r\nCookie: a=1\r\n'));
    assert.ok(whole.at(-1), 'the new tail is remembered in the end');
  });

  it('finds sections that take turns, wherever and however often they differ', () => {
    const hosts = Array.from({ length: 40 }, (_, i) => `shop${i}.example`);
    const pages = [
      'Accept: text/html\r\nSec-Fetch-Dest: document\r\nReferer: https://shop.example/a/long/path\r\n',
      'Accept: image/avif,image/webp\r\nSec-Fetch-Dest: image\r\nReferer: https://shop.example/a/long/path\r\n',
      'Accept: */*\r\nSec-Fetch-Dest: script\r\nReferer: https://shop.example/a/long/path\r\n',
    ];
    const sections = hosts.flatMap((host) =>
      pages.map((page) => `User-Agent: one and the same/1.0\r\nHost: ${host}\r\n${page}Cookie: a=b; c=d\r\n\r\n`),
    );
    const warm = new RequestHead();
    const random = new Random(7);
    let found = 0;
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) {
      const section = sections[random.below(sections.length)]!;
      const memory = place(`GET /${round % 11} HTTP/1.1\r\n${section}`, round % 7);
      const error = warm.parse(memory, round % 7, memory.length, warm.slot);
      assert.equal(error, HeadError.none);
      if (warm.fields.isKept && round >= rounds / 2) found++;
      if (round % 16 !== 0) continue;
      const cold = new RequestHead();
      cold.parse(memory, round % 7, memory.length);
      assert.deepEqual(told(warm), told(cold), section);
    }
    assert.ok(found > rounds * 0.45, `${found} of ${rounds / 2} were known`);
  });

  it('sections that were joined from others and changed in a byte are never taken for known ones', () => {
    const random = new Random(11);
    const pieces = [
      'Host: a.example\r\n',
      'Host: b.example\r\n',
      'Cookie: k=1\r\n',
      'Cookie: k=2; long=0123456789\r\n',
    ];
    const ends = ['X-Trace: 1\r\n', 'Connection: close\r\n', 'Content-Length: 7\r\n', ''];
    const warm = new RequestHead();
    for (let round = 0; round < 20_000; round++) {
      const host = pieces[random.below(2)]!;
      const section = `${host}Accept: text/html,application/xml\r\n${pieces[2 + random.below(2)]}${ends[random.below(4)]}\r\n`;
      const memory = place(`GET / HTTP/1.1\r\n${section}`, 3);
      if (random.below(4) === 0) memory[19 + random.below(section.length)]! ^= 1 << random.below(5);
      const cold = new RequestHead();
      const expected = cold.parse(Buffer.from(memory), 3, memory.length);
      assert.equal(warm.parse(memory, 3, memory.length, warm.slot), expected);
      if (expected === HeadError.none) assert.deepEqual(told(warm), told(cold), memory.toString('latin1'));
    }
  });

  it('fields that reading has set straight are read each time', () => {
    const head = new RequestHead();
    for (let i = 0; i < 4; i++) {
      const memory = place(`${LINES[1]}Host: a\r\nContent-Length:  4\t\r\nUser-Agent: test/1.0\r\n\r\n`, 0);
      assert.equal(head.parse(memory, 0, memory.length, head.slot), HeadError.none);
      assert.equal(head.remembered, null);
      assert.equal(head.contentLength, 4);
    }
  });

  it('a response whose fields are remembered says what reading says', () => {
    const warm = new ResponseHead();
    for (let round = 0; round < 4; round++) {
      for (const fields of RESPONSE_FIELDS) {
        for (const [offset, line] of STATUS_LINES.entries()) {
          const memory = place(`${line}${fields}body`, offset);
          const cold = new ResponseHead();
          const expected = cold.parse(memory, offset, memory.length);
          assert.equal(warm.parse(memory, offset, memory.length, warm.slot), expected, line + fields);
          if (expected === HeadError.none) assert.deepEqual(told(warm), told(cold), line + fields);
        }
      }
    }
  });
});

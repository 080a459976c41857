import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import { HeadError } from '../http1/head-error.ts';
import { RequestHead } from '../http1/request-head.ts';
import { ResponseHead } from '../http1/response-head.ts';
import type { WorkerContext } from '../worker/context.ts';
import { InsertedCookie } from './inserted-cookie.ts';
import { StickyService } from './sticky-service.ts';
import { StickyVisit } from './sticky-visit.ts';
import { TokenCache } from './token-cache.ts';

const HOUR = 3_600_000;
const memory = new Uint8Array(4_096);
const reactor = { wallTime: Date.UTC(2026, 10, 21) };
const worker = { memory, reactor } as unknown as WorkerContext;
const COOKIE = {
  type: 'cookie',
  cookieName: 'EK',
  expiry: HOUR,
  key: Buffer.alloc(32, 1).toString('base64'),
  oldKeys: [],
} as const;
const planned = { id: 'svc', ...PLAIN_SERVICE, stickiness: COOKIE } as unknown as PlannedService;

function place(text: string): number {
  memory.fill(0);
  memory.set(Buffer.from(text, 'latin1'));
  return text.length;
}

describe('StickyVisit', () => {
  const tokens = new TokenCache();
  const cookie = new InsertedCookie(planned.id, COOKIE, tokens);
  const table = { keeps: Uint8Array.of(1, 1), held: new Int32Array(2), slotOf: Int32Array.of(0, 1) };
  const sticky = new StickyService(cookie, ['a', 'b'], table, null);
  const head = new RequestHead();
  const answer = new ResponseHead();
  assert.equal(answer.parse(memory, 0, place('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')), HeadError.none);

  /** The line that is due to a client that comes with this cookie and is answered by `b`. */
  function lineFor(visit: StickyVisit, pair: string): string | null {
    const length = place(`GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: one\r\nCookie: x=1; ${pair}\r\n\r\n`);
    assert.equal(head.parse(memory, 0, length, head.slot), HeadError.none);
    visit.readRequest(sticky, head.fields, '192.0.2.1');
    return visit.readResponse(sticky, 1, answer.fields, false);
  }

  const pairOf = (index: number): string =>
    /^Set-Cookie: ([^;]+)/.exec(cookie.line(sticky.number(index), reactor.wallTime, false))![1]!;

  it('says the same of fields that are not read again, and follows those that change', () => {
    const visit = new StickyVisit(worker);
    const [a, b] = [pairOf(0), pairOf(1)];
    let kept = 0;
    for (let round = 0; round < 6; round++) {
      assert.equal(lineFor(visit, b), null);
      if (head.fields.isKept) kept++;
    }
    assert.ok(kept >= 3, `${kept} of 6 were remembered`);
    for (let round = 0; round < 4; round++) {
      assert.match(lineFor(visit, a) ?? '', /^Set-Cookie: EK=/);
      assert.equal(lineFor(visit, b), null);
      assert.match(lineFor(visit, 'EK=bad') ?? '', /^Set-Cookie: EK=/);
      assert.match(lineFor(visit, 'z=1') ?? '', /^Set-Cookie: EK=/);
    }
  });

  it('says the same to all connections, and to each service what is meant for it', () => {
    const [visit, another] = [new StickyVisit(worker), new StickyVisit(worker)];
    const other = new InsertedCookie('other', COOKIE, tokens);
    const elsewhere = new StickyService(other, ['a', 'b'], table, null);
    const pair = pairOf(1);
    for (let round = 0; round < 6; round++) {
      assert.equal(lineFor(visit, pair), null);
      another.readRequest(sticky, head.fields, '192.0.2.2');
      assert.equal(another.readResponse(sticky, 1, answer.fields, false), null);
      // The same name and key, but not its cookie.
      visit.readRequest(elsewhere, head.fields, '192.0.2.1');
      assert.match(visit.readResponse(elsewhere, 1, answer.fields, false) ?? '', /^Set-Cookie: EK=/);
    }
    assert.ok(head.fields.isKept);
  });

  it('does not forget the time over fields that stay the same', () => {
    const visit = new StickyVisit(worker);
    const pair = pairOf(1);
    for (let round = 0; round < 4; round++) assert.equal(lineFor(visit, pair), null);
    reactor.wallTime += HOUR / 8;
    assert.match(lineFor(visit, pair) ?? '', /^Set-Cookie: EK=/);
    reactor.wallTime += HOUR;
    assert.match(lineFor(visit, pair) ?? '', /^Set-Cookie: EK=/);
    visit.readRequest(sticky, head.fields, '192.0.2.1');
    const service = { pick: () => 77 } as never;
    assert.equal(visit.pick(service, sticky, 0, -1, -1), 77);
  });
});

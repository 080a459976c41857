import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BYTES_SHOWN, EVIDENCE_TARGETS, EXCHANGES_KEPT } from '@evenkeel/model/plan/evidence.ts';
import type { ProbeOutcome } from './outcome.ts';
import { ProbeHistory } from './probe-history.ts';

const GOOD: ProbeOutcome = { kind: 'success', detail: 'good' };
const REQUEST = Buffer.from('GET / HTTP/1.0\r\n\r\n');

function exchange(history: ProbeHistory, at: number, answer: string, outcome = GOOD): void {
  history.begin(at, 1_000_000 + at);
  history.connected(at + 1, false);
  history.sent(REQUEST.length);
  const bytes = Buffer.from(answer, 'latin1');
  // In pieces, as it may come.
  for (let start = 0; start < bytes.length; start += 100) {
    history.received(bytes, start, Math.min(start + 100, bytes.length), at + 2);
  }
  history.end(outcome, at + 3);
}

test('an exchange has its times, its bytes and its rule', () => {
  const history = new ProbeHistory();
  exchange(history, 10, 'HTTP/1.0 200 OK\r\n');
  assert.deepEqual(history.exchanges(REQUEST), [
    {
      at: 1_000_010,
      verdict: 'success',
      reason: '',
      rule: 'good',
      connection: 'new',
      connect: 1,
      firstByte: 2,
      total: 3,
      sent: 'GET / HTTP/1.0\\r\\n\\r\\n',
      sentBytes: REQUEST.length,
      received: 'HTTP/1.0 200 OK\\r\\n',
      receivedBytes: 17,
    },
  ]);
});

test('the newest are kept, the newest last; one under way is not shown', () => {
  const history = new ProbeHistory();
  for (let index = 0; index < 25; index++) exchange(history, index, `answer ${index}`);
  history.begin(100, 100);
  const shown = history.exchanges(REQUEST);
  assert.deepEqual(
    shown.map(({ received }) => received),
    Array.from({ length: EXCHANGES_KEPT - 1 }, (_, index) => `answer ${16 + index}`),
  );
});

test('of long answers, the beginning is kept, and older ones make room', () => {
  const history = new ProbeHistory();
  for (let index = 0; index < 8; index++) exchange(history, index, String(index).repeat(3_000));
  const shown = history.exchanges(REQUEST);
  assert.deepEqual(
    shown.map(({ received, receivedBytes }) => [received.length, receivedBytes]),
    [0, 0, 0, 0, BYTES_SHOWN, BYTES_SHOWN, BYTES_SHOWN, BYTES_SHOWN].map((length) => [length, 3_000]),
  );
  assert.ok(shown.slice(4).every(({ received }, index) => received === String(index + 4).repeat(BYTES_SHOWN)));
});

test('a probe that never connected has no times but the last, and sent nothing', () => {
  const history = new ProbeHistory();
  history.begin(5, 5);
  history.end({ kind: 'failure', reason: 'CONNECT_FAILED', detail: 'ECONNREFUSED' }, 6);
  const [one] = history.exchanges(REQUEST);
  assert.deepEqual([one!.connect, one!.firstByte, one!.total, one!.sent, one!.received], [null, null, 1, '', '']);
});

test('the exchanges of all targets that may be asked for go into one message, whatever bytes they are', () => {
  const history = new ProbeHistory();
  const request = Buffer.alloc(BYTES_SHOWN, 0xff);
  const rule = 'x'.repeat(500);
  for (let index = 0; index < EXCHANGES_KEPT; index++) {
    history.begin(index, Date.now());
    history.sent(request.length);
    history.received(request, 0, request.length, index);
    history.end({ kind: 'success', detail: rule }, index + 1);
  }
  const size = JSON.stringify(history.exchanges(request)).length;
  assert.ok(size * EVIDENCE_TARGETS < 32 * 1_048_576, `${size} a target`);
});

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { answerUnreadable } from './problems.ts';

/** What is sent to whoever sent what could not be read; null: the connection was cut. */
function answerTo(code: string, writable = true): string | null {
  let sent: string | null = null;
  const socket = {
    writable,
    end(text: string) {
      sent = text;
    },
    destroy() {},
  };
  answerUnreadable(Object.assign(new Error('unreadable'), { code }), socket as unknown as Socket);
  return sent;
}

test('what cannot be read is answered as a problem, and the connection ends', () => {
  for (const [code, status, problem] of [
    ['HPE_HEADER_OVERFLOW', 431, 'header-too-large'],
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'request-timeout'],
    ['HPE_INVALID_METHOD', 400, 'malformed-request'],
  ] as const) {
    const [head, body] = answerTo(code)!.split('\r\n\r\n');
    assert.match(head!, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(head!, /\r\nconnection: close(\r\n|$)/);
    assert.equal((JSON.parse(body!) as { code: string }).code, problem);
  }
  assert.equal(answerTo('ECONNRESET'), null);
  assert.equal(answerTo('HPE_INVALID_METHOD', false), null);
});

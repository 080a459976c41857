import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import fastify from 'fastify';
import { ProblemError } from '../problem.ts';
import { answerUnreadable, installProblems } from './problems.ts';

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

test('what is a matter of time is logged without a stack; defects come with theirs', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const app = fastify({ logger: { level: 'warn', stream } });
  t.after(() => app.close());
  installProblems(app);
  app.get('/away', () => {
    throw new ProblemError('node-unavailable', 'no node is connected');
  });
  app.get('/defect', () => {
    throw new TypeError('undefined is no function');
  });
  assert.equal((await app.inject('/away')).statusCode, 503);
  assert.equal((await app.inject('/defect')).statusCode, 500);
  const [away, defect] = lines;
  assert.deepEqual([away?.['level'], away?.['code'], away?.['err']], [40, 'node-unavailable', undefined]);
  assert.equal(defect?.['level'], 50);
  assert.match(JSON.stringify(defect), /"stack":"ProblemError/);
});

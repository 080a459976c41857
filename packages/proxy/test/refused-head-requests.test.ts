import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { Front } from './front.ts';

/** What the proxy refuses of a HEAD request, by the status. */
const REFUSED: readonly (readonly [number, string])[] = [
  [400, 'HEAD /x HTTP/1.1\r\n\r\n'],
  [400, 'HEAD /x HTTP/1.1\r\nHost: a.test\r\nX : 1\r\n\r\n'],
  [400, 'HEAD /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5, 5\r\n\r\n'],
  [414, `HEAD /${'x'.repeat(9_000)} HTTP/1.1\r\nHost: a.test\r\n\r\n`],
  [417, 'HEAD /x HTTP/1.1\r\nHost: a.test\r\nExpect: the-best\r\n\r\n'],
  [431, `HEAD /x HTTP/1.1\r\nHost: a.test\r\n${'X: 1\r\n'.repeat(200)}\r\n`],
  [431, `HEAD /x HTTP/1.1\r\nHost: a.test\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`],
  [501, 'HEAD /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  [505, 'HEAD /x HTTP/1.2\r\nHost: a.test\r\n\r\n'],
  [408, 'HEAD /x HTTP/1.1\r\nHost: a'],
];

/** Each answer has an identifier of its own, and one may be of the next second. */
function withoutIdAndTime(text: string): string {
  return text.replace(/X-Request-ID: \w+\r\n/, '').replace(/Date: [^\r]+\r\n/, 'Date: now\r\n');
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`HEAD requests that are refused, on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let front: Front;
    before(async () => {
      front = await Front.open(reactor);
      await front.plan([1], { headerTimeout: 200 });
    });
    after(() => front.engine.stop(1_000));

    for (const [status, request] of REFUSED) {
      it(`have an answer without a body: ${status} to ${JSON.stringify(request.slice(0, 70))}`, async () => {
        const text = withoutIdAndTime(await front.talk(request));
        // RFC 9110 section 9.3.2: the length is that of the answer to GET, and nothing is behind the head.
        assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nContent-Length: [1-9][^]*\r\n\r\n$`));
        const answer = withoutIdAndTime(await front.talk(request.replace('HEAD', 'GET')));
        assert.equal(answer.slice(0, answer.indexOf('\r\n\r\n') + 4), text);
        assert.ok(answer.length > text.length, 'GET has a body');
      });
    }
  });
}

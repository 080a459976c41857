import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { type Origin, tcpOrigin } from './exchange.ts';
import { Front, statusesIn } from './front.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What a target answers that is no answer. */
const GARBAGE: Readonly<Record<string, string>> = {
  'another protocol': '220 mail.test ESMTP\r\n',
  'bytes of TLS': '\x16\x03\x03\x00\x07\x02\x00\x00\x03\x00\x00\x00',
  'no status': 'HTTP/1.1 OK\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n',
  'another version': 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'a folded field': 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n',
  'a space before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n',
  'NUL in a value': 'HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'a signed length': 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok',
  'a length and chunks': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a coding that is not known': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
  'a 101 that nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  'a head without end': `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`,
};
const NAMES = Object.keys(GARBAGE);

for (const reactor of ['uring', 'portable'] as const) {
  describe(`targets that answer garbage, on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let front: Front;
    let target: Origin;
    /** Connections that the target has had, and those of them that have ended. */
    let opened = 0;
    let ended = 0;

    before(async () => {
      target = await tcpOrigin((socket) => {
        opened++;
        socket.on('close', () => ended++);
        socket.on('data', (data: Buffer) => {
          const which = /^GET \/garbage\/(\d+) /.exec(data.toString('latin1'))?.[1];
          socket.write(which === undefined ? OK : Buffer.from(GARBAGE[NAMES[Number(which)]!]!, 'latin1'));
        });
      });
      front = await Front.open(reactor);
      await front.plan([target.port]);
    });
    after(async () => {
      await front.engine.stop(1_000);
      await target.close();
    });

    for (const [index, name] of NAMES.entries()) {
      it(`${name}: 502 with its reason, the connection is dropped, the next request unharmed`, async () => {
        const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
        const text = await front.talk(`${get('/before')}${get(`/garbage/${index}`)}${get('/behind')}`, { end: true });
        assert.deepEqual(statusesIn(text), [200, 502, 200]);
        assert.ok(text.endsWith('\r\n\r\nok'), 'nothing of it is in the answers');
        const lines = await front.lines(3);
        assert.deepEqual(
          lines.map(({ uri, status, reason }) => [uri, status, reason]),
          [
            ['/before', 200, 'none'],
            [`/garbage/${index}`, 502, 'target-response-head'],
            ['/behind', 200, 'none'],
          ],
        );
        while (ended <= index) await new Promise((resolve) => setImmediate(resolve));
        assert.equal(opened - ended, 1, 'what has said garbage is closed, and the one behind it is kept');
      });
    }
  });
}

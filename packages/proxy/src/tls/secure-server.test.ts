import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HEADROOM, NO_BUFFER } from '../reactor/arena.ts';
import { CountedArena } from '../reactor/counted-arena.ts';
import type { Connection, ConnectionHandler, Reactor } from '../reactor/reactor.ts';
import { clientHello } from './client-hello.cases.ts';
import type { ClientHello } from './client-hello.ts';
import { TlsLibrary } from './library.ts';
import { SecureServer } from './secure-server.ts';

describe('a ClientHello that comes byte by byte', () => {
  for (const recordSize of [1, 100, 10_000]) {
    it(`holds no buffer, in records of ${recordSize}`, () => {
      const arena = new CountedArena(2);
      const asked: string[] = [];
      const raw = {
        send: (buffer: number) => arena.release(buffer),
        closeLingering: () => undefined,
      } as unknown as Connection;
      const choice = {
        choosesHttp: false,
        asksForCertificates: false,
        contextFor: ({ serverName }: ClientHello) => {
          asked.push(serverName);
          return 0;
        },
      };
      const reactor = { arena } as unknown as Reactor;
      const server = new SecureServer(reactor, new TlsLibrary(arena), () => choice, raw, {} as ConnectionHandler);
      const bytes = clientHello({ serverName: 'slow.test', recordSize });
      for (const byte of bytes) {
        assert.deepEqual(asked, []);
        const buffer = arena.acquire();
        assert.notEqual(buffer, NO_BUFFER);
        const start = arena.base(buffer) + HEADROOM;
        arena.memory[start] = byte;
        server.onReceive(raw, buffer, start, start + 1);
        assert.equal(arena.free, 2);
      }
      assert.deepEqual(asked, ['slow.test']);
    });
  }
});

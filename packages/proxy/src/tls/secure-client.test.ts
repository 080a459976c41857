import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CountedArena } from '../reactor/counted-arena.ts';
import type { Connection, ConnectionHandler, Reactor } from '../reactor/reactor.ts';
import { SSL_CTX_free, SSL_CTX_set_options, SSL_OP_NO_RENEGOTIATION, TLS_client_method } from './ffi/openssl.ts';
import { TlsLibrary } from './library.ts';
import { SecureClient } from './secure-client.ts';
import { newContext } from './server-context.ts';
import { TargetTls } from './target-tls.ts';

describe('a target whose name cannot be verified', () => {
  const arena = new CountedArena(4);
  const library = new TlsLibrary(arena);

  for (const [what, name] of [
    ['an empty name', ''],
    ['an address with a scope', 'fe80::1%1'],
    ['a name that is too long', `${'a.'.repeat(150)}test`],
  ] as const) {
    it(`hears nothing: ${what}`, (t) => {
      const context = newContext(TLS_client_method());
      t.after(() => SSL_CTX_free(context));
      const said: string[] = [];
      const raw = { abort: () => said.push('abort'), send: () => said.push('send') } as unknown as Connection;
      const settings = { context, error: '', verifies: true };
      const reactor = { arena } as unknown as Reactor;
      const client = new SecureClient(reactor, library, settings, name, () => raw, {} as ConnectionHandler);
      client.onConnected(raw);
      assert.deepEqual(said, ['abort']);
      assert.match(client.failure, /^the name .*cannot be verified/);
      assert.equal(arena.free, 4);
    });
  }
});

describe('the context for targets', () => {
  it('has renegotiation off', () => {
    const planned = { authorityId: null, serverName: '', versions: ['1.2', '1.3'] } as const;
    const { context } = new TargetTls(new TlsLibrary(new CountedArena(1)), planned, null, true);
    // Setting nothing answers what is set.
    assert.notEqual(SSL_CTX_set_options(context, 0) & SSL_OP_NO_RENEGOTIATION, 0);
  });
});

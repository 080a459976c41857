import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { describe, it } from 'node:test';
import type { PlannedCertificate } from '@evenkeel/model/plan/tls.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { listenerWithTls } from '../../test/tls/plans.ts';
import { CountedArena } from '../reactor/counted-arena.ts';
import { PortableReactor } from '../reactor/portable/reactor.ts';
import type { WorkerSharedEntry } from '../worker/messages.ts';
import { clientHello, type HelloOptions, listExtension } from './client-hello.cases.ts';
import { ClientHello, COMPLETE } from './client-hello.ts';
import { ContextCache } from './context-cache.ts';
import { TlsError } from './ffi/errors.ts';
import { TlsLibrary } from './library.ts';
import { type CertificateFailure, ListenerTls, type TlsObjects } from './listener-tls.ts';
import { type PackedCertificate, packCertificate } from './packed-certificate.ts';
import type { ServerContext } from './server-context.ts';
import { WorkerTls } from './worker-tls.ts';

const root = issue({ commonName: 'root', ca: true });
const web = issue({ names: ['web.test'], issuer: root });
const other = issue({ names: ['other.test'], issuer: root });
const rsa = issue({ names: ['web.test'], issuer: root, key: 'rsa-2048' });

function packed(id: string, chain: string, privateKey: string): PackedCertificate {
  const planned: PlannedCertificate = { id, chain, privateKey, names: [], keyType: 'ecdsa', ocspResponse: null };
  return packCertificate(planned);
}

const certificates = new Map([
  ['web', packed('web', web.certificate, web.key)],
  ['other', packed('other', other.certificate, other.key)],
  ['rsa', packed('rsa', rsa.certificate, rsa.key)],
]);
/** Asks for a name, as a client that can use any certificate if not said otherwise; '': none. */
const asking = (serverName: string, options: HelloOptions = {}): ClientHello => {
  const bytes = clientHello({
    ...(serverName !== '' && { serverName }),
    extensions: [listExtension(13, [0x0403, 0x0804])],
    ...options,
  });
  const hello = new ClientHello();
  assert.equal(hello.parse(bytes, 0, bytes.length), COMPLETE);
  return hello;
};
const objects: TlsObjects = {
  certificate: (id) => certificates.get(id),
  authority: (id) => {
    throw new TlsError(`authority ${id} is not in the plan`);
  },
  certificatesFailed: ({ detail }) => assert.fail(detail),
};

describe('the TLS of a listener', () => {
  const library = new TlsLibrary(new CountedArena(4));
  const make = (
    tls: Parameters<typeof listenerWithTls>[0],
    known = objects,
    cache = new ContextCache(),
  ): ListenerTls => {
    const planned = listenerWithTls(tls);
    assert.ok(planned.tls !== null);
    return new ListenerTls(library, cache, planned, planned.tls, known);
  };

  for (const [what, tls, message] of [
    ['no default certificate', {}, /no default certificate/],
    ['a certificate that is not there', { defaultCertificates: ['gone'] }, /certificate gone is not in the plan/],
    ['ciphers that nobody knows', { defaultCertificates: ['web'], ciphers: ['RC5'] }, /ciphers RC5 .*no cipher match/],
    ['ciphersuites that nobody knows', { defaultCertificates: ['web'], ciphersuites: ['TLS_X'] }, /ciphersuites TLS_X/],
    ['no version', { defaultCertificates: ['web'], versions: [] }, /no TLS version/],
    [
      'an authority that is not there',
      { defaultCertificates: ['web'], clientCertificates: { mode: 'required', authorityId: 'gone', depth: 1 } },
      /authority gone is not in the plan/,
    ],
  ] as const) {
    it(`is refused for ${what}`, () => assert.throws(() => make(tls), { name: 'TlsError', message }));
  }

  const encrypted = createPrivateKey(web.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  for (const [what, chain, key, message] of [
    ['text', 'not a certificate', web.key, /certificate bad cannot be read: no start line/],
    ['a certificate that is cut off', web.certificate.slice(0, 300), web.key, /certificate bad cannot be read/],
    [
      'a chain with garbage in it',
      `${web.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      web.key,
      /cannot be read/,
    ],
    ['no key', web.certificate, '', /the private key of certificate bad cannot be read/],
    ['an encrypted key', web.certificate, String(encrypted), /the private key of certificate bad cannot be read/],
    ['the key of another', web.certificate, other.key, /do not belong together/],
  ] as const) {
    it(`is refused for ${what}`, () => {
      const bad = packed('bad', chain, key);
      const known = { ...objects, certificate: () => bad };
      assert.throws(() => make({ defaultCertificates: ['bad'] }, known), { name: 'TlsError', message });
    });
  }

  it('builds contexts when they are asked for, one for a set of certificates', () => {
    const cache = new ContextCache();
    const names = ['a.test', 'b.test', 'a.test'].map((name, i) => ({ name, certificateId: i === 2 ? 'rsa' : 'web' }));
    const tls = make({ defaultCertificates: ['other'], certificates: names }, objects, cache);
    assert.equal(cache.size, 1, 'the default one');
    const both = tls.contextFor(asking('a.test'));
    assert.notEqual(both, tls.contextFor(asking('b.test')));
    assert.equal(both, tls.contextFor(asking('a.test')));
    assert.equal(tls.contextFor(asking('unknown.test')), tls.contextFor(asking('')));
    assert.equal(cache.size, 3);
    tls.free();
    assert.equal(cache.size, 0);
  });

  describe('for a client that cannot use the best certificate for its name', () => {
    const RSA_ONLY = { extensions: [listExtension(13, [0x0804])] };
    const named = (entries: Readonly<Record<string, string>>) =>
      Object.entries(entries).map(([name, certificateId]) => ({ name, certificateId }));
    const best = { 'www.a.test': 'web', '*.a.test': 'other', '*.test': 'rsa' };

    it('shows the next best that it can use: a shorter wildcard', () => {
      const tls = make({ defaultCertificates: ['web'], certificates: named(best) });
      const wildcard = tls.contextFor(asking('x.test'));
      assert.equal(tls.contextFor(asking('www.a.test', RSA_ONLY)), wildcard);
      assert.equal(tls.contextFor(asking('b.a.test', RSA_ONLY)), wildcard);
      assert.notEqual(tls.contextFor(asking('www.a.test')), wildcard, 'others see the best one');
      tls.free();
    });

    it('shows the default one when none for the name will do', () => {
      const names = named({ 'www.a.test': 'web', '*.a.test': 'other' });
      const tls = make({ defaultCertificates: ['other', 'rsa'], certificates: names });
      assert.equal(tls.contextFor(asking('www.a.test', RSA_ONLY)), tls.contextFor(asking('')));
      tls.free();
    });

    it('shows the best one when none at all will do, so that OpenSSL says why', () => {
      const tls = make({ defaultCertificates: ['other'], certificates: named({ 'www.a.test': 'web' }) });
      assert.equal(tls.contextFor(asking('www.a.test', RSA_ONLY)), tls.contextFor(asking('www.a.test')));
      tls.free();
    });

    it('passes over certificates that are no good', () => {
      const bad = packed('bad', rsa.certificate, other.key);
      const failures: CertificateFailure[] = [];
      const known: TlsObjects = {
        ...objects,
        certificate: (id) => (id === 'bad' ? bad : certificates.get(id)),
        certificatesFailed: (failure) => failures.push(failure),
      };
      const names = named({ 'www.a.test': 'web', '*.a.test': 'bad', '*.test': 'rsa' });
      const tls = make({ defaultCertificates: ['other'], certificates: names }, known);
      assert.equal(tls.contextFor(asking('www.a.test', RSA_ONLY)), tls.contextFor(asking('x.test')));
      assert.equal(failures.length, 1);
      tls.free();
    });

    it('knows the keys of a certificate that several names have, whichever was asked for first', () => {
      const names = named({ 'www.a.test': 'web', '*.a.test': 'web' });
      const tls = make({ defaultCertificates: ['rsa'], certificates: names });
      const context = tls.contextFor(asking('www.a.test'));
      assert.equal(tls.contextFor(asking('b.a.test')), context);
      assert.equal(tls.contextFor(asking('b.a.test', RSA_ONLY)), tls.contextFor(asking('')));
      tls.free();
    });

    it('loses no context when few are kept', () => {
      const tls = make({ defaultCertificates: ['other'], certificates: named(best) }, objects, new ContextCache(1));
      assert.notEqual(tls.contextFor(asking('www.a.test', RSA_ONLY)), 0);
      tls.free();
    });
  });

  it('is the same as long as nothing of it changes', () => {
    const listener = listenerWithTls({ defaultCertificates: ['web'] });
    const tls = make({ defaultCertificates: ['web'] });
    assert.ok(tls.isStillGood({ ...listener, idleTimeout: 1 }, objects));
    assert.ok(!tls.isStillGood(listenerWithTls({ defaultCertificates: ['web'], sessionTickets: false }), objects));
    const renewed = packed('web', web.certificate, web.key);
    assert.ok(!tls.isStillGood(listener, { ...objects, certificate: () => renewed }));
    tls.free();
  });
});

describe('the cache of contexts', () => {
  it('keeps those that were used last', () => {
    const freed: string[] = [];
    const context = (name: string) => ({ free: () => freed.push(name) }) as unknown as ServerContext;
    const cache = new ContextCache(2);
    for (const name of ['1 a', '1 b']) cache.set(name, context(name));
    assert.ok(cache.get('1 a') !== undefined);
    cache.set('2 c', context('2 c'));
    assert.deepEqual(freed, ['1 b']);
    cache.deleteAll('1 ');
    assert.deepEqual(freed, ['1 b', '1 a']);
    assert.equal(cache.size, 1);
  });
});

describe('the TLS of a worker', () => {
  it('looks at a certificate when its name is asked for, and tells once of one that is no good', async () => {
    const reactor = new PortableReactor({ buffers: 8 });
    const shared = new Map<string, WorkerSharedEntry>();
    const failures: CertificateFailure[] = [];
    const add = (id: string, key: string): unknown =>
      shared.set(`certificate/${id}`, {
        key: `certificate/${id}`,
        kind: 'certificate',
        value: packed(id, web.certificate, key),
      });
    add('good', web.key);
    add('bad', other.key);
    const worker = new WorkerTls(reactor, shared, (failure) => failures.push(failure));
    const names = ['good', 'bad'].map((id) => ({ name: `${id}.test`, certificateId: id }));
    const planned = listenerWithTls({ defaultCertificates: ['good'], certificates: names });
    const tls = worker.forListener(planned, null);
    assert.equal(failures.length, 0, 'nobody has asked');
    assert.notEqual(tls.contextFor(asking('good.test')), 0);
    assert.equal(tls.contextFor(asking('bad.test')), 0);
    assert.equal(tls.contextFor(asking('bad.test')), 0);
    assert.notEqual(
      tls.contextFor(asking('unknown.test')),
      0,
      'the default one is shown to those who ask for no name of ours',
    );
    assert.equal(failures.length, 1, 'it is told once');
    const [failure] = failures;
    assert.deepEqual([failure!.listenerId, failure!.certificateIds], ['lsn', ['bad']]);
    assert.match(failure!.detail, /certificate bad and its private key do not belong together/);

    add('bad', web.key);
    const mended = worker.forListener(planned, tls);
    assert.notEqual(mended, tls);
    assert.notEqual(mended.contextFor(asking('bad.test')), 0, 'another certificate is another chance');
    assert.equal(worker.forListener(planned, mended), mended, 'nothing has changed');

    add('good', other.key);
    assert.throws(() => worker.forListener(planned, mended), /certificate good and its private key/);
    await reactor.destroy();
  });
});

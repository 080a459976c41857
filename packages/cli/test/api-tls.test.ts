import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ROOT } from '../src/start/home.ts';
import { adminToken, ask, Evenkeel, temporaryHome, until } from './evenkeel.ts';

async function evenkeel(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'evenkeel.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number, out, err };
}

test('with a certificate of its own, the API is known to agent, demo and CLI of the home, and to who pins it', async (t) => {
  const home = temporaryHome(t);
  const started = new Evenkeel(home, ['--api-self-signed']);
  const { url } = await started.ready();
  assert.match(String(url), /^https:/);
  const [, fingerprint] = await started.says(/Fingerprint +([0-9A-F:]{95})/);
  const [, demo] = await started.says(/curl (http:\/\/\S+)/);
  assert.equal((await ask(demo!))?.status, 200, 'the agent has its plan');

  await until('the node is online', async () => {
    return /online/.test((await evenkeel('--home', home, 'node', 'list')).out);
  });
  const remote = ['--url', String(url), '--token', adminToken(home)];
  const pinned = await evenkeel(...remote, '--fingerprint', fingerprint!, 'lb', 'list');
  assert.equal(pinned.code, 0, pinned.err);
  const byAuthority = ['--ca', join(home, 'credentials', 'api-certificate.pem')];
  assert.equal((await evenkeel(...remote, ...byAuthority, 'lb', 'list')).code, 0);
  const unknown = await evenkeel(...remote, 'lb', 'list');
  assert.match(unknown.err, /not trusted: it is self-signed; its fingerprint is [0-9A-F:]{95}/);
  assert.notEqual(unknown.code, 0);
  assert.match((await evenkeel(...remote, '--fingerprint', 'ab', 'lb', 'list')).err, /no fingerprint/);
  started.signal('SIGINT');
  assert.equal(await started.ended(), 0);
});

test('beyond loopback there is no start without a certificate', async (t) => {
  const refused = new Evenkeel(temporaryHome(t), ['--host', '0.0.0.0', '--no-demo']);
  assert.notEqual(await refused.ended(), 0);
  assert.match(refused.stderr + refused.stdout, /not served beyond this machine without TLS; give --api-certificate/);
});

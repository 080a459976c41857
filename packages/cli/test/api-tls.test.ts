import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ROOT } from '../src/start/home.ts';
import { adminToken, ask, Evenkeel, pidOf, temporaryHome, until } from './evenkeel.ts';

const evenkeel = (...args: string[]) => evenkeelWith({}, ...args);

async function evenkeelWith(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'evenkeel.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
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

  await until('the node is ready', async () => {
    return /\bready\b/.test((await evenkeel('--home', home, 'node', 'list')).out);
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

  const config = { XDG_CONFIG_HOME: join(home, 'config') };
  const own = (...args: string[]) => evenkeel('--home', home, ...args);
  await own('user', 'create', 'deploy', '--role', 'operator');
  const made = JSON.parse((await own('--json', 'access-key', 'create', '--user', 'deploy')).out) as Record<
    string,
    string
  >;
  const env = { ...config, EVENKEEL_ACCESS_KEY_SECRET: made['secret']! };
  const reached = ['--url', String(url), '--fingerprint', fingerprint!];
  const saved = await evenkeelWith(env, ...reached, 'profile', 'save', 'prod', '--access-key', made['id']!);
  assert.equal(saved.code, 0, saved.err);
  assert.equal(statSync(join(home, 'config', 'evenkeel', 'profiles.json')).mode & 0o777, 0o600);
  const shown = await evenkeelWith(config, 'profile', 'list');
  assert.match(shown.out, new RegExp(`prod .*${made['id']}`));
  assert.ok(!shown.out.includes(made['secret']!));
  const signed = await evenkeelWith(config, '--profile', 'prod', 'lb', 'create', 'signed', '--no-wait');
  assert.equal(signed.code, 0, signed.err);
  assert.match((await evenkeelWith(config, '--profile', 'prod', 'whoami')).out, new RegExp(made['id']!));
  await until('names are completed over TLS', async () => {
    return /^signed\t/m.test(
      (await evenkeelWith(config, 'complete', 'bash', '--', '--profile', 'prod', 'lb', 'show', '')).out,
    );
  });
  const elsewhere = await evenkeelWith(config, '--profile', 'prod', '--url', 'https://127.0.0.1:1', 'whoami');
  assert.match(elsewhere.err, /the credential of the profile is for https:.*, not for https:\/\/127\.0\.0\.1:1/);
  const denied = await own('access-policy', 'create', 'stays', '--deny', 'delete*');
  assert.equal(denied.code, 0, denied.err);
  assert.equal((await own('user', 'update', 'deploy', '--access-policies', 'stays')).code, 0);
  const refused = await evenkeelWith(config, '--profile', 'prod', 'lb', 'delete', 'signed', '--yes');
  assert.match(refused.err, /deleteLoadBalancer is denied to deploy by the access policy stays/);
  const can = await evenkeelWith(config, '--profile', 'prod', 'can', 'deleteLoadBalancer');
  assert.deepEqual([can.code, /^No: /.test(can.out)], [1, true], can.out + can.err);

  process.kill(pidOf(home, 'control plane') as number, 'SIGKILL');
  const waited = await evenkeel(...remote, '--fingerprint', fingerprint!, 'lb', 'list');
  assert.equal(waited.code, 0, `it waits for the next control plane, and knows its certificate: ${waited.err}`);
  started.signal('SIGINT');
  assert.equal(await started.ended(), 0);
});

test('beyond loopback there is no start without a certificate', async (t) => {
  const refused = new Evenkeel(temporaryHome(t), ['--host', '0.0.0.0', '--no-demo']);
  assert.notEqual(await refused.ended(), 0);
  assert.match(refused.stderr + refused.stdout, /not served beyond this machine without TLS; give --api-certificate/);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { signedHeaders } from './signed.ts';
import { type Place, STORES } from './stores.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

/** A control plane as a process of its own, which `kill` ends with SIGKILL. */
async function start(t: TestContext, { home, url }: Place) {
  const database = url.startsWith('postgres:') ? ['--database', url] : [];
  const child = spawn(process.execPath, [MAIN, '--home', home, '--port', '0', '--log-level', 'silent', ...database], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url: origin } = JSON.parse(line.toString()) as { url: string };
  const { token } = JSON.parse(readFileSync(join(home, 'credentials', 'admin.json'), 'utf8')) as { token: string };
  const send = async (headers: Record<string, string>, path: string, body: string) => {
    const answer = await fetch(origin + path, { method: 'POST', headers, body });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const asAdmin = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return {
    call: (path: string, body: object) => send(asAdmin, path, JSON.stringify(body)),
    send,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

for (const kind of STORES) {
  test(`${kind.name}: after kill -9 no signed write is taken twice, and new ones are taken within a second`, {
    skip: kind.skip,
    timeout: 120_000,
  }, async (t) => {
    const place = await kind.make(t);
    const first = await start(t, place);
    const { body: user } = await first.call('/v1/users', { name: 'ann', role: 'operator' });
    const { body: key } = await first.call('/v1/access-keys', { userId: user['id'] });
    const path = '/v1/elastic-ips';
    const write = (name: string) => {
      const body = JSON.stringify({ name });
      const created = Math.floor(Date.now() / 1_000);
      const headers = signedHeaders({
        ...{ keyId: key['id']!, secret: key['secret']!, method: 'POST', target: path },
        ...{ body, created },
      });
      return { body, created, headers };
    };
    const used = write('first');
    assert.equal((await first.send(used.headers, path, used.body)).status, 201);
    await first.kill();

    const second = await start(t, place);
    const again = await second.send(used.headers, path, used.body);
    assert.ok(['unauthenticated', 'too-busy'].includes(again.body['code']!), JSON.stringify(again.body));
    // In the second after the last one that was signed before, which is long over where starts are slow.
    await setTimeout(Math.max(0, (used.created + 1) * 1_000 - Date.now()));
    const next = write('second');
    const taken = await second.send(next.headers, path, next.body);
    assert.equal(taken.status, 201, JSON.stringify(taken.body));
    for (const { headers, body } of [used, next]) assert.notEqual((await second.send(headers, path, body)).status, 201);
    await second.kill();
  });
}

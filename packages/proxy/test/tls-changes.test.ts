import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { issue, ocspResponse } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { createEngine } from '../src/engine/create.ts';
import { Random } from '../src/reactor/simulated/random.ts';
import { bodyOf, freePort, httpOrigin } from './exchange.ts';
import { changeOf, serviceOf } from './plans.ts';
import { certificateOf, httpsListener, ticketKeysOf, withShared } from './tls-plans.ts';

const CHANGES = 500;
const CLIENTS = 6;

const root = issue({ commonName: 'root', ca: true });
const identities = Array.from({ length: 8 }, (_, i) =>
  issue({ commonName: `web${i}`, names: ['web.test', 'a.web.test'], issuer: root, key: i < 6 ? 'p256' : 'rsa-2048' }),
);

for (const reactor of ['uring', 'portable'] as const) {
  describe(`changes of TLS on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    test(`${CHANGES} random changes under load fail no request`, async () => {
      const random = new Random(7);
      const engine = await createEngine({ workers: 2, reactor });
      const origin = await httpOrigin((_incoming, response) => response.end('fine'));
      const port = await freePort();
      const entry = (id: string) => certificateOf(id, random.pick(identities));
      const listener = () =>
        httpsListener(port, {
          certificates: random.chance(0.5) ? [{ name: 'a.web.test', certificateId: 'named' }] : [],
          sessionTickets: random.chance(0.8),
          versions: random.pick([['1.2', '1.3'], ['1.3']] as const),
        });
      const first = withShared(changeOf([serviceOf([origin.port])], [listener()]), entry('web'), entry('named'));
      assert.deepEqual(await engine.apply(withShared(first, ticketKeysOf(1))), []);
      let running = true;
      let requests = 0;
      const client = async (agent: Agent): Promise<void> => {
        while (running) {
          const servername = requests++ % 2 === 0 ? 'web.test' : 'a.web.test';
          const options = { host: '127.0.0.1', port, servername, ca: root.certificate, agent };
          await new Promise<void>((resolve, reject) => {
            const message = request(options, (response) => {
              bodyOf(response).then((body) => {
                if (response.statusCode === 200 && body.toString() === 'fine') resolve();
                else reject(new Error(`answered ${response.statusCode}`));
              }, reject);
            });
            message.on('error', reject).end();
          });
        }
        agent.destroy();
      };
      const clients = Array.from({ length: CLIENTS }, (_, i) => client(new Agent({ keepAlive: i % 2 === 0 })));
      const all = Promise.all(clients);
      // Whatever fails is reported when the changes are over.
      all.catch(() => undefined);
      for (let change = 0; change < CHANGES; change++) {
        const kind = random.below(4);
        const next = changeOf([], kind === 0 ? [listener()] : []);
        const shared =
          kind === 1 ? [entry('web')] : kind === 2 ? [entry('named')] : [ticketKeysOf(change % 9, (change + 8) % 9)];
        assert.deepEqual(await engine.apply(withShared(next, ...shared)), []);
      }
      running = false;
      await all;
      assert.ok(requests > CHANGES / 10, `${requests} requests`);
      const { reasons } = engine.counters().listeners[0]!;
      assert.deepEqual(Object.keys(reasons), ['none']);
      await engine.stop(1_000);
      await origin.close();
    });

    test('curl and openssl understand it', { skip: requires('curl', 'openssl') }, async () => {
      const engine = await createEngine({ workers: 1, reactor });
      const origin = await httpOrigin((_incoming, response) => response.end('fine'));
      const port = await freePort();
      const web = identities[0]!;
      const stapled = certificateOf('web', web, { ocspResponse: ocspResponse(root, web) });
      const change = changeOf([serviceOf([origin.port])], [httpsListener(port)]);
      assert.deepEqual(await engine.apply(withShared(change, stapled)), []);
      const folder = mkdtempSync(join(tmpdir(), 'evenkeel-tls-'));
      const authority = join(folder, 'root.crt');
      writeFileSync(authority, root.certificate);
      const run = promisify(execFile);
      const url = `https://web.test:${port}/`;
      for (const version of [['--tlsv1.2', '--tls-max', '1.2'], ['--tlsv1.3']]) {
        const args = [
          '--silent',
          '--show-error',
          '--cacert',
          authority,
          '--resolve',
          `web.test:${port}:127.0.0.1`,
          url,
          url,
        ];
        assert.equal((await run('curl', [...version, ...args])).stdout, 'finefine');
      }
      const ask = async (): Promise<string> => {
        const pending = run('openssl', [
          ...['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'web.test', '-CAfile', authority],
          ...['-status', '-verify_return_error', '-ign_eof'],
        ]);
        pending.child.stdin?.end('GET / HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n');
        return (await pending).stdout;
      };
      const stdout = await ask();
      assert.match(stdout, /Verify return code: 0 \(ok\)/);
      assert.match(stdout, /Cert Status: good/);
      assert.match(stdout, /Secure Renegotiation IS NOT supported|TLSv1\.3/);
      assert.match(stdout, /\r\n\r\nfine/);
      const old = certificateOf('web', web, { ocspResponse: ocspResponse(root, web), stapledUntil: Date.now() - 1 });
      assert.deepEqual(await engine.apply(withShared(changeOf([], []), old)), []);
      const without = await ask();
      assert.match(without, /OCSP response: no response sent/);
      assert.match(without, /\r\n\r\nfine/);
      rmSync(folder, { recursive: true });
      await engine.stop(1_000);
      await origin.close();
    });
  });
}

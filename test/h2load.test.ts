import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { Installation } from './product/installation.ts';
import { httpOrigin } from './product/origins.ts';

const REQUESTS = 2_000;
const CONNECTIONS = 10;
const PATH = '/load';
/** Requests that a connection has under way: one after the other, and pipelined. */
const DEPTHS = [1, 8];
/** Far above what a run takes, in milliseconds. */
const PATIENCE = 60_000;

for (const reactor of ['uring', 'portable'] as const) {
  const skip = requiresReactor(reactor) || requires('h2load');

  test(`h2load has all its requests answered, over http and https (${reactor})`, { skip }, async () => {
    await using evenkeel = await Installation.start({ reactor });
    let seen = 0;
    await using origin = await httpOrigin('plain', (request, response) => {
      // Health checks come as well, and ask for another path.
      if (request.url === PATH) seen++;
      response.end('plain');
    });
    const { client } = evenkeel;
    const { certificate: chain, key: privateKey } = issue({ names: ['www.test'] });
    const { id } = await client.createCertificate({ body: { name: 'www', chain, privateKey } });
    const lb = await client.createLoadBalancer({ body: { name: 'a' } });
    const service = { targets: [{ address: origin.address, port: origin.port }] };
    const plain = { loadBalancerId: lb.id, protocol: 'http' as const, port: 8080, service };
    const secure = { ...plain, protocol: 'https' as const, port: 8443, defaultCertificateIds: [id] };
    for (const body of [plain, secure]) await evenkeel.applied(await client.createListener({ body }));

    for (const url of [`http://${lb.vip}:8080${PATH}`, `https://${lb.vip}:8443${PATH}`]) {
      for (const depth of DEPTHS) {
        seen = 0;
        const output = await load(url, depth);
        const all = `${REQUESTS} done, ${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`;
        assert.ok(output.includes(all), output);
        assert.ok(output.includes(`status codes: ${REQUESTS} 2xx, 0 3xx, 0 4xx, 0 5xx`), output);
        assert.equal(seen, REQUESTS, 'each request came to the target once');
      }
    }
  });
}

async function load(url: string, depth: number): Promise<string> {
  const counts = ['-n', String(REQUESTS), '-c', String(CONNECTIONS), '-m', String(depth), '-t', '1'];
  const { stdout } = await promisify(execFile)('h2load', ['--h1', ...counts, url], { timeout: PATIENCE });
  return stdout;
}

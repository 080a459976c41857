import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { Evenkeel, temporaryHome } from './evenkeel.ts';
import { takeTour } from './tour.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('the tour of the README prints what it says', { skip: requires('curl', 'sed', 'awk') }, async (t) => {
  const home = temporaryHome(t);
  const evenkeel = new Evenkeel(home);
  const { url } = await evenkeel.ready();
  const [, vip, port] = await evenkeel.says(/curl http:\/\/([\d.]+):(\d+)/);

  // The README's addresses are those of a machine that runs nothing else.
  const own = await freePort();
  const here = (text: string) =>
    text
      .replaceAll('127.77.0.1:8080', `${vip}:${port}`)
      .replaceAll('http:8080', `http:${port}`)
      .replaceAll('http-8080', `http-${port}`)
      .replaceAll('127.77.0.', vip.replace(/\d+$/, ''))
      .replaceAll('http://127.0.0.1:7700', url as string)
      .replaceAll('.evenkeel/', `${home}/`)
      .replaceAll('web.yaml', `${home}/web.yaml`)
      .replaceAll('3000', String(own));
  await takeTour({ page: 'README.md', home, url: url as string, here, atLeast: 10 });
  rmSync(join(home, 'web.yaml'));
  evenkeel.signal('SIGINT');
  assert.equal(await evenkeel.ended(), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { Evenkeel, temporaryHome } from './evenkeel.ts';
import { takeTour } from './tour.ts';

test('the example of the TLS guide does what it says', { skip: requires('curl', 'openssl') }, async (t) => {
  const home = temporaryHome(t);
  const evenkeel = new Evenkeel(home);
  const { url } = await evenkeel.ready();
  const [, vip] = await evenkeel.says(/curl http:\/\/([\d.]+):\d+/);
  const here = (text: string) => text.replaceAll('127.77.0.1', vip).replaceAll(/(chain|key)\.pem/g, `${home}/$1.pem`);
  await takeTour({ page: 'docs/guide/tls.md', home, url: url as string, here, atLeast: 8 });
  evenkeel.signal('SIGINT');
  assert.equal(await evenkeel.ended(), 0);
});

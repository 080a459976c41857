import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import type { Revision } from '@evenkeel/model/resources/revision.ts';
import { Installation } from './installation.ts';

let evenkeel: Installation;
before(async () => {
  evenkeel = await Installation.start();
});
after(async () => evenkeel?.[Symbol.asyncDispose]());

const run = (line: string) => evenkeel.run(line.split(' '));
const ok = (line: string) => evenkeel.succeed(line.split(' '));

test('revisions are listed, shown, compared, and gone back to', async () => {
  await ok('lb create web --listener http:8080 --target 127.0.0.1:3000');
  await ok('service update web/http-8080 --algorithm least-connections');
  const [latest, first] = JSON.parse(await ok('revision list --json')) as Revision[];
  assert.equal((await ok('revision list --quiet')).trim().split('\n')[0], latest!.id);
  assert.match(await ok('revision list'), /updateBackendService +\+0 ~1 -0 +http-8080/);
  assert.match(await ok('revision show latest'), /algorithm: round-robin → least-connections/);

  const diff = await run(`revision diff ${first!.id}`);
  assert.equal(diff.exitCode, 7);
  assert.match(diff.out, /~ backend service web\/http-8080\n.*round-robin → least-connections\n1 changed\.\n/s);
  assert.equal(await ok(`revision diff ${latest!.id} ${latest!.id}`), 'No difference.\n');

  const dry = await run(`revision rollback ${first!.id} --dry-run`);
  assert.equal(dry.exitCode, 7);
  assert.match(dry.out, /Touches 1 listener; all others are left alone:\n {2}web\/http-8080: new connections/);
  assert.match(await ok(`revision rollback ${first!.id} --yes`), /least-connections → round-robin/);
  assert.equal(
    (await run(`revision rollback ${first!.id} --dry-run`)).out,
    'No difference.\nNo listener is touched.\n',
  );
  assert.equal((await run('revision show 999999')).exitCode, 3);
  assert.equal((await run('revision show first')).exitCode, 3);
});

test('before something is taken back, the connections show that would end', async (t) => {
  const target = createServer((held) => held.on('error', () => {}).write('here'));
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as AddressInfo;
  const made = await ok(`lb create doomed --listener tcp:8081 --target 127.0.0.1:${port} --json`);
  const socket = connect(8081, (JSON.parse(made) as { vip: string }).vip);
  t.after(() => {
    socket.destroy();
    target.close();
  });
  await once(socket, 'data');
  const dry = await run('revision rollback latest --before --dry-run');
  assert.match(dry.out, /- listener doomed\/tcp-8081\n/);
  const touched =
    /doomed\/tcp-8081: its connections are drained and end \(1 open connection; it is deleted or disabled\)/;
  assert.match(dry.out, touched);
  assert.match(await ok('revision rollback latest --before --yes'), touched);
  assert.equal((await run('lb show doomed')).exitCode, 3);
});

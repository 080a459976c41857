import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ChangeSet } from '@evenkeel/model/resources/change-set.ts';
import { Installation } from './installation.ts';

let evenkeel: Installation;
before(async () => {
  evenkeel = await Installation.start();
});
after(async () => evenkeel?.[Symbol.asyncDispose]());

const run = (line: string) => evenkeel.run(line.split(' '));
const ok = (line: string) => evenkeel.succeed(line.split(' '));

function file(name: string, text: string): string {
  const path = join(evenkeel.home, name);
  writeFileSync(path, text);
  return path;
}

const DOCUMENT = (algorithm: string) => `
loadBalancers:
  - name: web
    listeners:
      - protocol: http
        port: 8080
        service: {algorithm: ${algorithm}, targets: [{address: 127.0.0.1, port: 3000}]}
`;

test('files are planned, and the plan is applied; nothing changes before', async () => {
  const path = file('web.yaml', DOCUMENT('round-robin'));
  const plan = await run(`plan -f ${path}`);
  assert.equal(plan.exitCode, 7);
  assert.match(plan.out, /Touches 1 listener; all others are left alone:\n {2}web\/http-8080: begins to listen/);
  const [, id] = /"evenkeel change-set apply (cs-\w+)" does exactly this/.exec(plan.out)!;
  assert.equal((await run('lb show web')).exitCode, 3);
  assert.match(await ok('change-set list'), /planned +0 +\+5 ~0 -0 +admin/);
  assert.match(await ok(`change-set apply ${id}`), /applied as generation 1: 5 created\.\nApplied on 1 node\.\n$/);
  assert.match(await ok(`change-set show ${id}`), /Applied as generation 1\.\n$/);
  assert.match(await ok('lb show web'), /active|pending/);
  const again = await run(`plan -f ${path}`);
  assert.deepEqual([again.exitCode, again.out], [0, 'No difference.\nNo listener is touched.\n']);
  assert.doesNotMatch(await ok('change-set list'), /planned/);
});

test('apply --plan tells what it touches before it does it', async () => {
  const path = file('web.yaml', DOCUMENT('least-connections'));
  const out = await ok(`apply -f ${path} --plan`);
  assert.match(out, /round-robin → least-connections\n1 to change\.\nTouches 1 listener/);
  assert.match(
    out,
    /web\/http-8080: new connections and requests alone \(0 open connections; backend service http-8080 changes\)/,
  );
  assert.match(out, /applied as generation \d+: 1 changed\.\nApplied on 1 node\.\n$/);
});

test('changes of a file refer to each other; what is wrong is said of its place', async () => {
  const changes = (port: string) => `
description: a second way in
changes:
  - operation: createLoadBalancer
    ref: mail
    body: {name: mail}
  - operation: createListener
    body: {loadBalancerId: {$ref: mail}, protocol: tcp, port: ${port}}
`;
  const wrong = await run(`change-set create -f ${file('wrong.yaml', changes('0'))}`);
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.err, /changes\[1\]\.body\.port: is out of range/);
  const made = await run(`change-set create -f ${file('changes.yaml', changes('2525'))} --json`);
  assert.equal(made.exitCode, 7);
  const { id } = JSON.parse(made.out) as ChangeSet;
  await ok('eip create beside');
  assert.match(await ok(`change-set apply ${id}`), /mail: loadBalancer mail \(lb-/);
  assert.match(await ok('lb show mail'), /tcp-2525/);

  const stale = JSON.parse((await run(`plan -f ${file('web.yaml', DOCUMENT('source-ip'))} --json`)).out) as ChangeSet;
  await ok('service update web/http-8080 --algorithm power-of-two');
  const refused = await run(`change-set apply ${stale.id}`);
  assert.equal(refused.exitCode, 4);
  assert.match(refused.err, /backendService web\/http-8080: algorithm would change in another way/);
  assert.equal((await run(`change-set plan ${stale.id}`)).exitCode, 7);
  await ok(`change-set delete ${stale.id}`);
  assert.equal((await run(`change-set show ${stale.id}`)).exitCode, 3);
  assert.equal((await run('change-set show web')).exitCode, 3);
});

test('a load balancer is cloned, stopped and started', async () => {
  const out = await ok('lb clone web web-2');
  assert.match(out, /^Load balancer web-2 \(lb-\w+\) created like web: VIP 127\.101\./);
  assert.match(await ok('lb show web-2'), /http-8080/);
  assert.match(await ok('lb stop web-2'), /^Load balancer web-2 stopped\.\nApplied on 1 node\.\n$/);
  assert.match(await ok('lb list'), /web-2 .*stopped/);
  assert.match(await ok('lb start web-2'), /^Load balancer web-2 started\./);
  assert.doesNotMatch(await ok('lb list'), /stopped/);
});

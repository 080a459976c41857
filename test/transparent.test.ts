import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { link, Namespace, withoutNamespaces } from '../packages/testbed/src/network/namespaces.ts';
import { requiresReactor } from '../packages/testbed/src/reactors.ts';

const root = join(import.meta.dirname, '..');
const balancerFile = join(root, 'test', 'product', 'transparent-balancer.ts');

/** Answers with the address that it is asked from, and says when it listens. */
const TARGET = `require('http').createServer((request, response) => response.end(request.socket.remoteAddress))
  .listen(80, '0.0.0.0', () => console.log('ready'));`;

/** client 10.77.1.2 – 10.77.1.1 balancer 10.77.2.1 – 10.77.2.2 target, whose way to everywhere is the balancer. */
describe('transparent services between network namespaces', { skip: withoutNamespaces, timeout: 60_000 }, () => {
  const spaces: Namespace[] = [];
  const processes: ChildProcess[] = [];
  let client: Namespace;
  let balancer: Namespace;

  before(async () => {
    const [c, b, t] = ['c', 'b', 't'].map((letter) => {
      const space = new Namespace(`evk${process.pid}${letter}`);
      spaces.push(space);
      return space;
    }) as [Namespace, Namespace, Namespace];
    client = c;
    balancer = b;
    link(c, '10.77.1.2/24', b, '10.77.1.1/24');
    link(b, '10.77.2.1/24', t, '10.77.2.2/24');
    c.ip('address', 'add', '10.77.1.3/24', 'dev', `to-${b.name}`.slice(0, 15));
    t.ip('route', 'add', 'default', 'via', '10.77.2.1');
    await ready(t.start(process.execPath, ['-e', TARGET], { stdio: ['pipe', 'pipe', 'inherit'] }));
  });

  after(async () => {
    for (const child of processes) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    for (const space of spaces) space.delete();
  });

  /** The first line that a process says. */
  async function ready(child: ChildProcess): Promise<string> {
    processes.push(child);
    assert.ok(child.stdout);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return line;
  }

  function balance(reactor: string, port: number, privileges: readonly string[] = []): Promise<string> {
    const command = [process.execPath, balancerFile, reactor, '10.77.1.1', `${port}`, '10.77.2.2', '80'];
    const [first, ...rest] = [...privileges, ...command] as [string, ...string[]];
    return ready(balancer.start(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  function ask(port: number, from: string): string {
    return client.run('curl', '-s', '-m', '5', '--interface', from, `http://10.77.1.1:${port}/`);
  }

  it('the target sees the clients’ own addresses, once the node routes the answers', async () => {
    const routing = ['--targets', '10.77.2.0/24', '--ports', '80'];
    const command = [join(root, 'bin', 'transparent-routing.mjs')];
    for (const [index, reactor] of (['uring', 'portable'] as const).entries()) {
      if (requiresReactor(reactor) !== false) continue;
      const port = 8_000 + index;
      assert.equal(await balance(reactor, port), 'ready');
      for (let twice = 0; twice < 2; twice++) balancer.run(process.execPath, ...command, 'add', ...routing);
      assert.equal(ask(port, '10.77.1.2'), '10.77.1.2');
      assert.equal(ask(port, '10.77.1.3'), '10.77.1.3');
      balancer.run(process.execPath, ...command, 'remove', ...routing);
      assert.match(ask(port, '10.77.1.2'), /^50[24] /, 'without the rules no answer comes back');
    }
  });

  it('a node that may not send from foreign addresses refuses the listener and says why', async () => {
    const said = await balance('portable', 8_010, [
      'setpriv',
      '--bounding-set',
      '-net_admin,-net_raw',
      '--inh-caps',
      '-all',
    ]);
    assert.match(said, /^permission-denied: .*CAP_NET_ADMIN/);
  });

  it('the command says what it would do, and what it does not understand', () => {
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, [join(root, 'bin', 'transparent-routing.mjs'), ...args], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    assert.equal(
      run('add', '--targets', '10.0.2.0/24,2001:db8::1', '--ports', '80', '--print'),
      [
        'ip -4 route replace local default dev lo table 7450',
        'ip -6 route replace local default dev lo table 7450',
        'ip -4 rule add from 10.0.2.0/24 ipproto tcp sport 80 lookup 7450 pref 7450',
        'ip -6 rule add from 2001:db8::1/128 ipproto tcp sport 80 lookup 7450 pref 7450',
        '',
      ].join('\n'),
    );
    assert.throws(() => run('add', '--targets', 'x', '--ports', '80'), /--targets: 'x' is none/);
    assert.throws(() => run('add', '--targets', '10.0.0.1', '--ports', '0'), /--ports: '0' is none/);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { LoadBalancerCreated } from '@evenkeel/model/resources/document.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { Rule } from '@evenkeel/model/resources/rule.ts';
import type { TargetHealth } from '@evenkeel/model/resources/target-health.ts';
import { Installation, MAIN } from './installation.ts';
import type { Ran, Surroundings } from './run.ts';

/** The commands against a control plane and a node as they are. The tests build on each other. */
let evenkeel: Installation;
before(async () => {
  evenkeel = await Installation.start();
});
const origins: Server[] = [];
after(async () => {
  await evenkeel?.[Symbol.asyncDispose]();
  for (const server of origins) server.close().closeAllConnections();
});

async function run(line: string, around?: Surroundings): Promise<Ran> {
  return evenkeel.run(line.split(' '), around);
}

/** Runs a command that must succeed, and resolves with its JSON. */
async function json<T>(line: string): Promise<T> {
  const { out, err, exitCode } = await run(`${line} --json`);
  assert.deepEqual([exitCode, err], [0, ''], line);
  return JSON.parse(out) as T;
}

/** An origin that says its name. */
async function origin(name: string): Promise<number> {
  const server = createServer((_, response) => response.end(name)).listen(0, '127.0.0.1');
  origins.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

let vip: string;

test('one call, and traffic flows', async () => {
  const [a, b] = [await origin('a'), await origin('b')];
  const targets = `--target 127.0.0.1:${a} --target 127.0.0.1:${b},name=second`;
  const made = await json<LoadBalancerCreated>(`lb create web --listener http:8080 ${targets} --health-interval 1`);
  vip = made.vip;
  assert.deepEqual(made.created.map(({ kind, name }) => `${kind} ${name}`).sort(), [
    'backendService http-8080',
    'listener http-8080',
    'loadBalancer web',
    'targetGroup web',
  ]);
  const answers = new Set<string>();
  for (let i = 0; i < 4; i++) answers.add(await (await fetch(`http://${vip}:8080/`)).text());
  assert.deepEqual([...answers].sort(), ['a', 'b']);

  const { out } = await run('lb list');
  assert.match(out, new RegExp(`^web +${made.id} +application +${vip.replaceAll('.', '\\.')} +– +active$`, 'm'));
  const health = await json<TargetHealth[]>('health web');
  assert.deepEqual(health.map(({ port }) => port).sort(), [a, b].sort());
  assert.match((await run('lb show web')).out, /^listeners\n.*\n {2}http-8080 .* active$/m);
});

test('targets come and go', async () => {
  const c = await origin('c');
  const registered = await run(`target register --group web 127.0.0.1:${c} --weight 3`);
  assert.match(registered.out, /^1 target registered in web: 127\.0\.0\.1:\d+\.\nApplied on 1 node\.\n$/);
  assert.equal((await run('zone create b')).exitCode, 0);
  assert.equal((await run('target update second --zone b')).exitCode, 0);
  assert.deepEqual(
    (await json<{ zone: string; weight: number }[]>('target list --group web/web')).map(({ zone, weight }) => [
      zone,
      weight,
    ]),
    [
      ['', 10],
      ['b', 10],
      ['', 3],
    ],
  );
  const gone = await run(`target deregister web/second web/127.0.0.1:${c}`);
  assert.match(gone.out, /^2 targets deregistered/);
  assert.equal(await (await fetch(`http://${vip}:8080/`)).text(), 'a');
});

test('a listener that the node cannot run: saved, refused, and why', async () => {
  const squatter = createTcpServer().listen(0, vip);
  await once(squatter, 'listening');
  const { port } = squatter.address() as AddressInfo;
  try {
    const { exitCode, out, err } = await run(`listener create http:${port} --lb web --service http-8080`);
    assert.equal(exitCode, 1);
    assert.match(out, /^Listener web\/http-\d+ \(lsn-.*\) created\.\n$/);
    assert.match(
      err,
      new RegExp(
        `^evenkeel: saved, but a node cannot run it; what ran there before goes on:\\n {2}listener http-${port} on node .*: /port: address-in-use: `,
      ),
    );
    assert.equal((await json<Listener>(`listener show http-${port}`)).status, 'refused');
    assert.equal((await run(`listener delete http-${port}`)).exitCode, 0);
  } finally {
    squatter.close();
  }
});

test('what the API refuses is said field by field, with the exit code of its kind', async () => {
  for (const [line, exitCode, expected] of [
    ['lb create web', 4, /^evenkeel: name: .*web/],
    ['lb create x --listener http:99999 --target nope', 2, /listeners\[0\]\.port: is out of range .*1 to 65535/],
    ['service delete web/http-8080', 4, /used by listener http-8080/],
    ['listener update web/http-8080 --name y --if-match 1000000', 4, /^evenkeel: /],
    ['listener create tcp:9999 --lb web --service http-8080', 1, /^evenkeel: /],
    ['wait op-01m7y7pvpcamhyyt2m', 3, /^evenkeel: .*op-01m7y7pvpcamhyyt2m/],
    ['node show nowhere', 3, /^evenkeel: .*nowhere/],
  ] as const) {
    const ran = await run(line);
    assert.equal(ran.exitCode, exitCode, `${line}: ${ran.err}`);
    assert.match(ran.err, expected);
  }
  const token = await run('lb list', { env: { EVENKEEL_TOKEN: 'wrong-wrong-wrong-wrong' } });
  assert.equal(token.exitCode, 1);
});

test('an elastic IP: created, associated, in use, given back', async () => {
  const eip = await json<{ address: string }>('eip create public --bandwidth 100');
  assert.equal((await run('eip associate public web')).exitCode, 0);
  assert.equal(await (await fetch(`http://${eip.address}:8080/`)).text(), 'a');
  assert.equal((await run('eip delete public')).exitCode, 4);
  assert.equal((await run(`eip disassociate ${eip.address}`)).exitCode, 0);
  assert.match((await run('eip list')).out, /public +\S+ +\S+ +100 /);
  assert.equal((await run('eip associate public web')).exitCode, 0);
  assert.equal((await run('eip disassociate public --release')).exitCode, 0);
  assert.equal((await run('eip show public')).exitCode, 3);
});

test('changing something else, and seeing it', async () => {
  assert.equal(
    (await run('service update http-8080 --algorithm least-connections --health-codes 2xx,404 --tag a=b')).exitCode,
    0,
  );
  const { out } = await run('service show web/http-8080');
  assert.match(out, /^algorithm: +least-connections$/m);
  assert.match(out, /^ {2}codes: +2xx, 404$/m);
  assert.match(out, /^tags:\n {2}a: b$/m);
  assert.match(
    (await run('operation list --limit 1')).out,
    /updateBackendService +backend service http-8080 +\d+ +applied/,
  );
  assert.match((await run('node list')).out, /ready +– +(–|\d+) +0 +– +– +portable/);
});

test('rules: made, tried in order, changed, taken away', async () => {
  assert.equal((await run('service create other --lb web --protocol http --port 9')).exitCode, 0);
  assert.equal((await run('rule-group create sites --lb web --order stay-in-host')).exitCode, 0);
  const answers = [
    await run(
      'rule create api --group sites --host api.example.com --path /v1/* --method GET,POST --forward other=3,http-8080',
    ),
    await run(
      'rule create old --group web/sites --host *.example.org --redirect 301,host=www.example.com --response-header !Server',
    ),
    await run(
      'rule create rest --group sites --cookie beta=1 --forward http-8080 --rewrite-path /x --request-header X-A=1',
    ),
  ];
  for (const { exitCode, err } of answers) assert.deepEqual([exitCode, err], [0, '']);
  assert.match(answers[0].out, /^Rule sites\/api \(rul-.*\) created with priority 10\.\nApplied on 1 node\.\n$/);
  const { out } = await run('rule list --group sites');
  assert.match(out, /^10 +api +rul-\S+ +api\.example\.com \/v1\/\* GET,POST +other=3,http-8080=10$/m);
  assert.match(out, /^20 +old +rul-\S+ +\*\.example\.org +301 \/\/www\.example\.com…$/m);
  assert.match(out, /^30 +rest +rul-\S+ +cookie:beta=1 +http-8080$/m);

  const loop = await run('rule update old --group sites --redirect 301,host=www.example.org');
  assert.deepEqual([loop.exitCode, /leads to itself/.test(loop.err)], [1, true], loop.err);
  assert.equal((await run('rule update rest --group sites --rewrite-host a.b --priority 5 --cookie none')).exitCode, 0);
  const rest = await json<Rule>('rule show rest --group sites');
  assert.deepEqual(
    [rest.priority, rest.match.cookies, rest.rewrite],
    [5, [], { host: 'a.b', path: { kind: 'whole', pattern: '', replacement: '/x' } }],
  );
  const listener = 'listener update http-8080 --rule-group sites --forward-protocol on --trusted-proxies 10.0.0.0/8';
  assert.equal((await run(listener)).exitCode, 0);
  assert.match((await run('lb show web')).out, /^rule groups\n.*\n {2}sites .* stay-in-host +3$/m);
  const inUse = await run('service delete other');
  assert.match(inUse.err, /used by rule api/);
  assert.equal((await run('rule delete api rest --group sites')).exitCode, 0);
  assert.equal((await run('service delete other')).exitCode, 0);
  const gone = await run('rule-group delete sites');
  assert.match(gone.out, /^Rule group sites \(rg-.*\) deleted\.\n/);
  assert.equal((await json<Listener>('listener show http-8080')).ruleGroupId, null);
});

/** The example of a page of the guide. */
function exampleOf(page: string): string | undefined {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'guide', page), 'utf8');
  return /<!-- example: applied by a test -->\n```yaml\n([\s\S]*?)```/.exec(text)?.[1];
}

test('the example of the guide on rules: applied, in effect, exported, the same', async () => {
  const input = exampleOf('rules.md')
    ?.replace('port: 8081', `port: ${await origin('blue')}`)
    .replace('port: 8082', `port: ${await origin('green')}`);
  assert.ok(input);
  const { exitCode, err } = await run('apply -f -', { input });
  assert.deepEqual([exitCode, err], [0, '']);
  const same = await run('apply -f - --dry-run', { input: (await run('export sites')).out });
  assert.deepEqual([same.exitCode, same.err], [0, '']);
  const { vip } = await json<LoadBalancer>('lb show sites');
  const ask = async (path: string, host: string, headers: Record<string, string> = {}) => {
    const response = await askFor(vip, path, { host, ...headers });
    return `${response.status} ${response.location}${response.body}`;
  };
  assert.equal(await ask('/healthz', 'anything'), '200 ok');
  assert.equal(await ask('/a?b', 'shop.example.org'), '301 http://www.example.com/a?b');
  assert.equal(await ask('/api/x', 'www.example.com'), '200 green');
  assert.equal(await ask('/', 'www.example.com', { cookie: 'tester=yes' }), '200 green');
  assert.match(await ask('/', 'www.example.com'), /^200 (blue|green)$/);
  assert.equal((await run('lb delete sites')).exitCode, 0);
});

/** Asks a listener on port 8080 for a path, with a Host header of our own. */
async function askFor(vip: string, path: string, headers: Record<string, string>) {
  const request = get({ host: vip, port: 8080, path, headers });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode, location: response.headers.location ?? '', body };
}

const example = exampleOf('apply.md');

test('the example of the guide: a difference, applied, no difference, exported, the same', async () => {
  const input = example;
  assert.ok(input);
  const dry = await run('apply -f - --dry-run', { input });
  assert.equal(dry.exitCode, 7, dry.err);
  assert.match(
    dry.out,
    /^\+ load balancer shop$[\s\S]*^\+ target mail\/tcp-2525\/10\.0\.2\.12$[\s\S]*^\d+ to create\.$/m,
  );
  const first = await run('apply -f -', { input });
  assert.deepEqual([first.exitCode, first.err], [0, '']);
  assert.match(first.out, /\d+ created\.\nApplied on 1 node\.\n$/);
  const again = await run('apply -f -', { input });
  assert.match(again.out, /^No difference; \d+ as they are\.\nApplied/);

  const { out: exported } = await run('export');
  const same = await run('apply -f - --dry-run', { input: exported });
  assert.deepEqual([same.exitCode, same.err], [0, '']);
  const asJson = await json<{ loadBalancers: { name: string }[] }>('export shop');
  assert.deepEqual(
    asJson.loadBalancers.map(({ name }) => name),
    ['shop'],
  );

  const less = input.replace(/ +- \{address: 10\.0\.0\.12.*\n/, '').replace('path: /healthz', 'path: /ready');
  const changed = await run('apply -f -', { input: less });
  assert.equal(
    changed.out
      .split('\n')
      .filter((text) => !text.startsWith('Applied'))
      .join('\n'),
    [
      '~ backend service shop/shop',
      '    healthCheck.path: /healthz → /ready',
      '- target shop/blue/10.0.0.12:8080',
      `1 changed, 1 deleted; ${Number(/(\d+) as/.exec(again.out)?.[1]) - 2} as they are.`,
      '',
    ].join('\n'),
  );
});

test('a file that is wrong changes nothing, and says where', async () => {
  const input = (example ?? '').replace('port: 8090', 'port: 80900').replace('accessLog: false', 'accesslog: false');
  const { exitCode, err } = await run('apply -f -', { input });
  const line = (text: string) => input.split('\n').findIndex((one) => one.includes(text)) + 1;
  assert.equal(exitCode, 2);
  assert.ok(err.includes(`standard input:${line('port: 80900')}:9: loadBalancers[0].listeners[1].port: `), err);
  assert.ok(err.includes(`standard input:${line('accesslog')}:9: loadBalancers[0].listeners[1].accesslog: `), err);
  const reference = await run('apply -f -', {
    input: (example ?? '').replace('backendService: office', 'backendService: of'),
  });
  assert.equal(reference.exitCode, 3);
  assert.match(reference.err, /standard input:\d+:9: loadBalancers\[0\]\.listeners\[1\]\.backendService: /);
});

test('the command itself: finds its home, and does not mind a reader that stops reading', () => {
  const env = { ...process.env, EVENKEEL_HOME: evenkeel.home };
  const node = `'${process.execPath}' '${MAIN}'`;
  const piped = spawnSync('sh', ['-c', `${node} export | head -1; ${node} lb list -q | wc -l`], {
    env,
    encoding: 'utf8',
  });
  assert.deepEqual([piped.stdout.replaceAll(' ', ''), piped.stderr], ['loadBalancers:\n3\n', '']);
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'lb', 'show', 'nope'], { env, encoding: 'utf8' });
  assert.deepEqual([status, stderr], [3, 'evenkeel: there is no load balancer "nope".\n']);
});

test('deletion, with what is in it; protection holds', async () => {
  const { exitCode, err } = await run('lb delete shop');
  assert.equal(exitCode, 4);
  assert.match(err, /^evenkeel: /);
  assert.equal((await run('lb delete web mail --quiet')).out.split('\n').length, 3);
  assert.deepEqual(
    (await json<{ name: string }[]>('lb list')).map(({ name }) => name),
    ['shop'],
  );
  await assert.rejects(fetch(`http://${vip}:8080/`));
});

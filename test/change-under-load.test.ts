import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { ChangingGroup } from './product/changing-group.ts';
import { Download, hashOfPattern, sendPattern } from './product/download.ts';
import { Installation } from './product/installation.ts';
import { httpOrigin, type Origin, tcpOrigin } from './product/origins.ts';
import { RandomChanges } from './product/random-changes.ts';
import { Tunnel } from './product/tunnel.ts';
import { until } from './product/until.ts';
import { NO_FAILURE, Wrk } from './product/wrk.ts';

/** `EVENKEEL_SEED` plays another sequence of changes. */
const SEED = Number(process.env['EVENKEEL_SEED'] ?? 20_260_101);
const CONNECTIONS = 8;
/** After this many changes the node is waited for, so that it applies plans one by one as well as merged. */
const BETWEEN_WAITS = 5;
const DOWNLOAD = 96 * 1024 * 1024;
const DOWNLOAD_RATE = 2 * 1024 * 1024;

async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const targetOf = ({ address, port }: Origin) => ({ address, port });

/** The load balancer that carries the traffic: a steady listener, one that changes, and a TCP listener for the tunnel. */
async function createLoadBalancer(evenkeel: Installation, steady: Origin, echo: Origin) {
  const check = { interval: 1, timeout: 1, rise: 2, fall: 3 };
  const created = await evenkeel.client.createLoadBalancer({
    body: {
      name: 'web',
      targetGroups: [{ name: 'changing' }],
      backendServices: ['changing-1', 'changing-2'].map((name) => ({
        name,
        protocol: 'http',
        port: 80,
        targetGroup: 'changing',
        healthCheck: check,
      })),
      listeners: [
        { name: 'steady', protocol: 'http', port: 8080, service: { targets: [targetOf(steady)], healthCheck: check } },
        { name: 'changing', protocol: 'http', port: 8081, backendService: 'changing-1' },
        { name: 'tunnel', protocol: 'tcp', port: 8082, service: { targets: [targetOf(echo)], healthCheck: check } },
      ],
    },
  });
  await evenkeel.applied(created);
  const idOf = (kind: string, name: string): string => {
    const found = created.created.find((object) => object.kind === kind && object.name === name);
    assert.ok(found, `${kind} ${name}`);
    return found.id;
  };
  return { id: created.id, vip: created.vip, idOf };
}

async function play(t: TestContext, reactor: 'uring' | 'portable', count: number): Promise<void> {
  await using evenkeel = await Installation.start({ reactor });
  const { client } = evenkeel;
  await using steady = await httpOrigin('steady', (request, response) => {
    if (request.url === '/download') void sendPattern(response, DOWNLOAD);
    else response.end('steady');
  });
  await using one = await httpOrigin('one');
  await using two = await httpOrigin('two');
  await using three = await httpOrigin('three');
  await using echo = await tcpOrigin((socket) => socket.pipe(socket));
  const { id, vip, idOf } = await createLoadBalancer(evenkeel, steady, echo);
  // More load balancers go than anybody should delete in so short a time.
  await client.updateQuotas({ body: { quotas: { loadBalancerDeletions: count } } });
  const random = new Random(SEED);
  const serviceIds = [idOf('backendService', 'changing-1'), idOf('backendService', 'changing-2')] as const;
  const targetGroupId = idOf('targetGroup', 'changing');
  const group = new ChangingGroup({
    client,
    random: random.fork(),
    targetGroupId,
    backendServiceIds: serviceIds,
    origins: [one, two, three],
    deadPorts: [await deadPort(), await deadPort()],
  });
  await group.register(one.port);
  const changes = new RandomChanges({
    client,
    random,
    loadBalancerId: id,
    elasticIpId: (await client.createElasticIp({ body: {} })).id,
    listenerId: idOf('listener', 'changing'),
    serviceIds,
    group,
  });
  await until('a target of each service is healthy', async () => {
    const { items } = await client.listTargetHealth({ query: { state: 'healthy' } });
    return items.length >= 4;
  });

  const tunnel = await Tunnel.open(vip, 8082);
  t.after(() => tunnel.close());
  const greeting = Buffer.from('before all changes');
  assert.deepEqual(await tunnel.echo(greeting), greeting);
  const download = await Download.start(`http://${vip}:8080/download`, DOWNLOAD_RATE);
  const loads = [8080, 8081].map((port) => new Wrk(`http://${vip}:${port}/`, CONNECTIONS));
  t.after(() => {
    for (const load of loads) load.kill();
  });

  const started = performance.now();
  for (let made = 1; made <= count; made++) {
    const written = await changes.next();
    if (made % BETWEEN_WAITS === 0 || made === count) await evenkeel.applied(written);
  }
  const seconds = (performance.now() - started) / 1000;
  assert.deepEqual([download.ended, tunnel.closed], [false, false], 'both are open still');
  const results = await Promise.all(loads.map((load) => load.stop()));

  for (const { requests, failures } of results) {
    assert.deepEqual(failures, NO_FAILURE, await evenkeel.logOfFailures());
    assert.ok(requests > count, `${requests} requests`);
  }
  const long = Buffer.alloc(1024 * 1024, 'after all changes ');
  assert.ok((await tunnel.echo(long)).equals(long));
  assert.equal(await download.finish(), hashOfPattern(DOWNLOAD));
  for (const { count: requests } of [one, two, three]) assert.ok(requests > 0, 'each target had its share');
  const [unchanged, changed] = results.map(({ requests }) => requests);
  t.diagnostic(
    `${count} changes in ${seconds.toFixed(1)} s: ${unchanged} requests on the steady path, ${changed} on the changing one`,
  );
}

for (const [reactor, count] of [
  ['uring', 500],
  ['portable', 100],
] as const) {
  const name = `${count} changes under load fail no request and break no connection (${reactor}, seed ${SEED})`;
  test(name, { skip: requires('wrk') || requiresReactor(reactor) }, (t) => play(t, reactor, count));
}

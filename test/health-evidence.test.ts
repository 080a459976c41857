import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createTls, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { Installation } from './product/installation.ts';
import { httpOrigin, type Origin } from './product/origins.ts';
import { until } from './product/until.ts';

/** Checks, their evidence and trials from the API to the targets and back, over real sockets. */

const authority = issue({ commonName: 'authority', ca: true });
const identity = issue({ commonName: 'target', names: ['app.test'], issuer: authority });

for (const reactor of ['uring', 'portable'] as const) {
  describe(`evidence of health checks, on ${reactor}`, () => {
    let evenkeel: Installation;
    let good: Origin;
    let ill: Origin;
    let secure: HttpsServer;

    before(async () => {
      evenkeel = await Installation.start({ reactor, workers: 1 });
      good = await httpOrigin('good');
      ill = await httpOrigin('ill', (_, response) => response.writeHead(503).end());
      secure = createTls({ cert: identity.certificate, key: identity.key }, (_, response) => response.end('hello'));
      secure.listen(0, '127.0.0.1');
      await once(secure, 'listening');
    });

    after(async () => {
      await evenkeel[Symbol.asyncDispose]();
      await Promise.all([good, ill].map((origin) => origin[Symbol.asyncDispose]()));
      secure.closeAllConnections();
      secure.close();
    });

    async function create(name: string, service: object): Promise<string> {
      const { created } = await evenkeel.client.createLoadBalancer({
        body: { name, backendServices: [{ name, protocol: 'http', port: 80, ...service }] },
      });
      return created.find(({ kind }) => kind === 'backendService')!.id;
    }

    const health = (backendServiceId: string) =>
      evenkeel.client.getBackendServiceHealth({ params: { backendServiceId } });
    const at = ({ address, port }: { readonly address: string; readonly port: number }) => ({ address, port });

    test('what was said, and why the verdict; and whether another check would pass', async () => {
      const id = await create('web', { targets: [at(good), at(ill)] });
      const params = { backendServiceId: id };
      await until(
        'both are judged',
        async () => (await health(id)).unhealthy === 1 && (await health(id)).healthy === 1,
      );
      const { targets, nodes } = await evenkeel.client.getHealthEvidence({ params });
      assert.deepEqual(
        nodes.map(({ answered }) => answered),
        [true],
      );
      const [well, not] = [good, ill].map(({ port }) => targets.find((target) => target.port === port)!);
      const [first] = well!.exchanges;
      assert.deepEqual([first!.verdict, first!.rule], ['success', 'status 200 is one of 200–299, 300–399']);
      assert.match(first!.sent, /^GET \/ HTTP\/1\.0\\r\\nHost: /);
      assert.match(first!.received, /^HTTP\/1\.1 200 OK\\r\\n/);
      assert.ok(first!.connect !== null && first!.firstByte! >= first!.connect && first!.total >= first!.firstByte!);
      assert.equal(not!.exchanges.at(-1)!.reason, 'HTTP_CODE_MISMATCH');

      const before = await evenkeel.client.getBackendService({ params });
      const trial = await evenkeel.client.tryHealthCheck({ params, body: { healthCheck: { codes: ['503'] } } });
      assert.deepEqual([trial.passed, trial.failed], [1, 1]);
      assert.deepEqual(await evenkeel.client.getBackendService({ params }), before);
      assert.equal((await health(id)).unhealthy, 1);
    });

    test('checks follow the TLS of their service, and judge certificates by its authority', async () => {
      const ca = await evenkeel.client.createAuthority({
        body: { name: 'ca', certificates: authority.certificate },
      });
      const { port } = secure.address() as AddressInfo;
      const id = await create('secure', {
        targets: [{ address: '127.0.0.1', port }],
        tls: { enabled: true, authority: 'ca', serverName: 'app.test' },
      });
      await until('the target is healthy', async () => (await health(id)).healthy === 1);
      const params = { backendServiceId: id };
      const trial = await evenkeel.client.tryHealthCheck({
        params,
        body: { healthCheck: { serverName: 'other.test' } },
      });
      const [exchange] = trial.targets[0]!.exchanges;
      assert.equal(exchange!.reason, 'TLS_HANDSHAKE_FAILED');
      assert.notEqual(ca.id, '');
    });

    test('udp', async () => {
      const socket = createSocket('udp4');
      socket.on('message', (_, { port }) => socket.send('pong', port, '127.0.0.1'));
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const id = await create('dns', {
        protocol: 'tcp',
        targets: [{ address: '127.0.0.1', port: socket.address().port }],
        healthCheck: { protocol: 'udp', send: 'ping', expect: 'pong' },
      });
      await until('the target is healthy', async () => (await health(id)).healthy === 1);
      socket.close();
    });
  });
}

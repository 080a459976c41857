import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { composeV2 } from '../packages/proxy/src/source-address/proxy-protocol/compose.ts';
import { Installation } from './product/installation.ts';
import { httpOrigin, type Origin, tcpOrigin } from './product/origins.ts';
import { until } from './product/until.ts';

/** The way of the settings: API, plan, node agent, worker. What they do in detail is tested with the proxy. */
describe('source addresses, set by the API', () => {
  let evenkeel: Installation;
  let web: Origin;
  let echo: Origin;
  let vip: string;

  before(async () => {
    evenkeel = await Installation.start();
    web = await httpOrigin('web', (incoming, response) => response.end(JSON.stringify(incoming.headers)));
    echo = await tcpOrigin((socket) => socket.pipe(socket));
    const service = (target: Origin) => ({
      healthCheck: { enabled: false },
      targets: [{ address: target.address, port: target.port }],
    });
    const created = await evenkeel.client.createLoadBalancer({
      body: {
        name: 'web',
        listeners: [
          {
            name: 'web',
            protocol: 'http',
            port: 8080,
            trustedProxies: ['127.9.0.0/16'],
            forwarding: { protocol: true, port: true, loadBalancerAddress: true, standard: true },
            desyncMode: 'strict',
            service: service(web),
          },
          {
            name: 'echo',
            protocol: 'tcp',
            port: 8081,
            trustedProxies: ['127.0.0.1'],
            acceptProxyProtocol: true,
            service: { ...service(echo), proxyProtocol: 'v1' },
          },
        ],
      },
    });
    await evenkeel.applied(created);
    vip = created.vip;
  });

  after(async () => {
    await evenkeel?.[Symbol.asyncDispose]();
    for (const origin of [web, echo]) await origin?.[Symbol.asyncDispose]();
  });

  /** What the target is told, and the status. */
  function ask(from: string, headers: Record<string, string>): Promise<{ status: number; told: string }> {
    return new Promise((resolve, reject) => {
      const message = request({ host: vip, port: 8080, localAddress: from, headers, agent: false }, (response) => {
        void text(response).then((told) => resolve({ status: response.statusCode ?? 0, told }), reject);
      });
      message.on('error', reject).end();
    });
  }

  /** Lines of the access log that have this value in this field. */
  function logged(field: string, value: unknown): Record<string, unknown>[] {
    const file = join(evenkeel.home, 'logs', 'access.log');
    // It is made with its first line; the last one may be on its way.
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line[field] === value);
  }

  test('targets and log know the client, behind a trusted proxy and without one', async () => {
    const direct = JSON.parse((await ask('127.8.0.1', { 'x-forwarded-for': '192.0.2.66' })).told);
    assert.equal(direct['x-forwarded-for'], '127.8.0.1');
    assert.equal(direct['x-forwarded-proto'], 'http');
    assert.equal(direct['x-forwarded-port'], '8080');
    assert.equal(direct['x-forwarded-lbip'], vip);
    assert.match(direct.forwarded, /^by=[0-9.]+;for=127\.8\.0\.1;proto=http;host="/);
    const proxied = JSON.parse((await ask('127.9.0.1', { 'x-forwarded-for': '192.0.2.7' })).told);
    assert.equal(proxied['x-forwarded-for'], '192.0.2.7, 127.9.0.1');
    await until(
      'both lines',
      () => logged('client_ip', '192.0.2.7').length + logged('client_ip', '127.8.0.1').length === 2,
    );
  });

  test('the desync mode is the one that was set', async () => {
    assert.equal((await ask('127.8.0.1', { 'content-length': '0' })).status, 400);
    await until('its line', () => logged('desync', 'zero-length').length === 1);
  });

  test('a tunnel takes a PROXY header and sends one', async () => {
    const socket = connect({ host: vip, port: 8081 });
    const ends = { remoteAddress: '192.0.2.8', remotePort: 4, localAddress: '198.51.100.1', localPort: 5 };
    socket.end(Buffer.concat([composeV2(ends, null), Buffer.from('hello')]));
    assert.equal(await text(socket), 'PROXY TCP4 192.0.2.8 198.51.100.1 4 5\r\nhello');
    await until('its line', () => logged('client_ip', '192.0.2.8').length === 1);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';

/** Settings of the application load balancer: stickiness, source address, HTTP, target states. */

async function withService(running: Running, protocol: 'http' | 'tcp' = 'http') {
  const lb = await running.call('createLoadBalancer', { body: { name: `lb-${protocol}` } });
  const service = { loadBalancerId: lb.id, name: 's', protocol, port: 80 };
  return { lb, service: await running.call('createBackendService', { body: service }) };
}

test('stickiness: off by default, changed field by field, its key in no answer', async (t) => {
  const running = await Running.start(t);
  const { service } = await withService(running);
  const params = { backendServiceId: service.id };
  const name = `EVENKEEL-${service.id.slice(-8).toUpperCase()}`;
  assert.deepEqual(service.stickiness, { type: 'none', cookieName: name, expiry: 0, timeout: 300 });
  assert.deepEqual([service.proxyProtocol, service.transparent], ['none', false]);

  const update = (body: object) => running.call('updateBackendService', { params, body });
  const sticky = await update({ stickiness: { type: 'cookie', expiry: 3600 } });
  assert.deepEqual(sticky.stickiness, { type: 'cookie', cookieName: name, expiry: 3600, timeout: 300 });
  const renamed = await update({ stickiness: { cookieName: 'where' }, proxyProtocol: 'v2', transparent: true });
  assert.deepEqual(renamed.stickiness, { ...sticky.stickiness, cookieName: 'where' });
  // What was the targets' cookie never becomes the proxy's own.
  await update({ stickiness: { type: 'application-cookie', cookieName: 'SESSIONID' } });
  const own = await update({ stickiness: { type: 'cookie' } });
  assert.equal(own.stickiness.cookieName, name);
  await update({ stickiness: { cookieName: 'where' } });
  const texts = [
    sticky,
    renamed,
    await running.call('getBackendService', { params }),
    await running.call('listBackendServices'),
  ];
  for (const answer of texts) assert.doesNotMatch(JSON.stringify(answer), /stickinessKey/i);
  const rotated = await running.call('rotateStickinessKey', { params });
  assert.ok(rotated.generation > renamed.generation);
  assert.doesNotMatch(JSON.stringify(rotated), /stickinessKey/i);
  const document = {
    name: 'lb-http',
    backendServices: [{ name: 's', protocol: 'http', port: 80, stickiness: { expiry: 60 } }],
  };
  const applied = await running.call('applyConfiguration', { body: { loadBalancers: [document] } });
  const change = applied.changes.find(({ kind }) => kind === 'backendService')!;
  assert.deepEqual(change.fields, [{ field: 'stickiness.expiry', before: 3600, after: 60 }]);
});

test('stickiness that cannot be is refused', async (t) => {
  const running = await Running.start(t);
  const http = (await withService(running)).service.id;
  const tcp = (await withService(running, 'tcp')).service.id;
  const refuse = async (id: string, body: object, field: string, reason: RegExp) => {
    const problem = await running.refused('updateBackendService', { params: { backendServiceId: id }, body });
    assert.equal(problem.code, 'validation-failed');
    assert.equal(problem.errors![0]!.field, field);
    assert.match(problem.errors![0]!.reason, reason);
  };
  const cookie = { stickiness: { type: 'cookie' } };
  await refuse(tcp, cookie, '/stickiness/type', /tcp has no cookies/);
  await refuse(http, { ...cookie, algorithm: 'least-connections' }, '/stickiness/type', /round-robin/);
  await refuse(
    http,
    { algorithm: 'source-ip', stickiness: { type: 'source-ip' } },
    '/stickiness/type',
    /sticky by itself/,
  );
  await refuse(http, { stickiness: { type: 'application-cookie' } }, '/stickiness/cookieName', /is missing/);
  await refuse(
    http,
    { stickiness: { type: 'cookie', cookieName: '__Host-a' } },
    '/stickiness/cookieName',
    /browsers refuse/,
  );
  await refuse(
    http,
    { stickiness: { type: 'cookie', cookieName: 'a b' } },
    '/stickiness/cookieName',
    /must be .* such as /,
  );
  await refuse(
    http,
    { stickiness: { type: 'cookie', cookieName: 'a;b' } },
    '/stickiness/cookieName',
    /must be .* such as /,
  );
  await refuse(http, { stickiness: { expiry: 86_401 } }, '/stickiness/expiry', /range/);
  await refuse(http, { stickiness: { timeout: 0 } }, '/stickiness/timeout', /range/);
  await running.call('updateBackendService', { params: { backendServiceId: http }, body: cookie });
  await refuse(http, { algorithm: 'least-connections' }, '/stickiness/type', /round-robin/);
  const fine = { algorithm: 'least-connections', stickiness: { type: 'source-ip', timeout: 3_600 } };
  for (const id of [http, tcp])
    await running.call('updateBackendService', { params: { backendServiceId: id }, body: fine });
});

test('listeners: forwarding changes switch by switch, networks have one form, pages one status each', async (t) => {
  const running = await Running.start(t);
  const { lb } = await withService(running);
  const created = await running.call('createListener', {
    body: {
      loadBalancerId: lb.id,
      protocol: 'http',
      port: 80,
      trustedProxies: ['10.0.0.1', '2001:DB8::/32', '10.0.0.1/32'],
      acceptProxyProtocol: true,
      forwarding: { protocol: true },
      errorPages: [{ status: 503, body: '<h1>Later</h1>' }],
    },
  });
  assert.deepEqual(created.trustedProxies, ['10.0.0.1/32', '2001:db8::/32']);
  assert.deepEqual(created.errorPages, [
    { status: 503, contentType: 'text/html; charset=utf-8', body: '<h1>Later</h1>' },
  ]);
  assert.deepEqual([created.desyncMode, created.upgradeIdleTimeout, created.compression], ['defensive', 60, false]);
  const params = { listenerId: created.id };
  const changed = await running.call('updateListener', {
    params,
    body: { forwarding: { clientAddress: 'replace', standard: true } },
  });
  assert.deepEqual(changed.forwarding, {
    clientAddress: 'replace',
    protocol: true,
    port: false,
    host: false,
    loadBalancerAddress: false,
    clientPort: false,
    standard: true,
  });
  const refuse = async (body: object, field: string) => {
    const problem = await running.refused('updateListener', { params, body });
    assert.deepEqual([problem.code, problem.errors![0]!.field], ['validation-failed', field]);
  };
  await refuse({ trustedProxies: [] }, '/trustedProxies');
  await refuse({ trustedProxies: ['10.0.0.1/8'] }, '/trustedProxies/0');
  await refuse({ trustedProxies: ['everybody'] }, '/trustedProxies/0');
  await refuse({ errorPages: [404, 503, 404].map((status) => ({ status, body: '' })) }, '/errorPages/2/status');
  await refuse({ errorPages: [{ status: 200, body: '' }] }, '/errorPages/0/status');
  await refuse({ errorPages: [{ status: 500 }] }, '/errorPages/0/body');
  for (const location of ['ftp://a/', 'https://', '/a b', 'sorry.html', '']) {
    await refuse({ errorPages: [{ status: 500, location }] }, '/errorPages/0/location');
  }
  await refuse({ responseHeaders: [{ operation: 'set', name: 'Connection', value: 'x' }] }, '/responseHeaders/0/name');
  const variable = { operation: 'add', name: 'X-A', value: '${nothing}' };
  await refuse({ responseHeaders: [{ operation: 'remove', name: 'X-B' }, variable] }, '/responseHeaders/1/value');
  const unknown = { params, body: { responseHeaders: [variable] } };
  assert.match((await running.refused('updateListener', unknown)).errors![0]!.reason, /which only rules fill in/);
  const headers = { responseHeaders: [{ operation: 'remove', name: 'Server' }] };
  const edited = await running.call('updateListener', { params, body: headers });
  assert.deepEqual(edited.responseHeaders, [{ operation: 'remove', name: 'Server', value: '' }]);
  const elsewhere = [{ status: 503, location: 'https://status.test/' }];
  const sent = await running.call('updateListener', {
    params,
    body: { errorPages: elsewhere, relativeRedirects: true },
  });
  assert.deepEqual(sent.errorPages, [{ contentType: 'text/html; charset=utf-8', ...elsewhere[0] }]);
  assert.equal(sent.relativeRedirects, true);
  await refuse({ errorPages: [{ status: 500, body: '', contentType: 'text' }] }, '/errorPages/0/contentType');
  await refuse({ desyncMode: 'lax' }, '/desyncMode');
  await refuse({ forwarding: { clientAddress: 'on' } }, '/forwarding/clientAddress');
  await running.call('updateListener', { params, body: { trustedProxies: [], acceptProxyProtocol: false } });
});

test('targets: active, draining, disabled', async (t) => {
  const running = await Running.start(t);
  const { lb } = await withService(running);
  const targets = [{ address: '10.0.0.1' }, { address: '10.0.0.2', state: 'disabled' }];
  const group = await running.call('createTargetGroup', { body: { loadBalancerId: lb.id, name: 'g', targets } });
  const params = { targetGroupId: group.id };
  const [one, two] = (await running.call('listTargets', { params })).items;
  assert.deepEqual([one!.state, two!.state], ['active', 'disabled']);
  const changed = await running.call('updateTarget', {
    params: { ...params, targetId: one!.id },
    body: { state: 'draining' },
  });
  assert.equal(changed.state, 'draining');
  const problem = await running.refused('updateTarget', {
    params: { ...params, targetId: one!.id },
    body: { state: 'gone' },
  });
  assert.deepEqual(problem.errors![0], {
    field: '/state',
    reason: 'is not one of the allowed values',
    allowed: ['active', 'draining', 'disabled'],
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

const RSA = issue({ commonName: 'rsa', names: ['example.com'], key: 'rsa-2048', issuer: ROOT });
const firstError = (problem: Problem) => `${problem.code} ${problem.errors![0]!.field} ${problem.errors![0]!.reason}`;

/** A load balancer with services of both protocols, certificates with keys of both types, and an authority. */
async function site(running: Running) {
  const lb = await running.call('createLoadBalancer', {
    body: {
      name: 'shop',
      backendServices: [
        { name: 'web', protocol: 'http', port: 80 },
        { name: 'raw', protocol: 'tcp', port: 9 },
      ],
    },
  });
  const [web, raw] = lb.created.filter(({ kind }) => kind === 'backendService').map(({ id }) => id);
  const ecdsa = await running.call('createCertificate', { body: upload(SITE, { name: 'ecdsa' }) });
  const rsa = await running.call('createCertificate', { body: upload(RSA, { name: 'rsa' }) });
  const authority = await running.call('createAuthority', {
    body: { name: 'clients', certificates: ROOT.certificate },
  });
  return { lb: lb.id, web: web!, raw: raw!, ecdsa: ecdsa.id, rsa: rsa.id, authority: authority.id };
}

test('an https listener has a certificate, the default policy and session tickets; its service speaks http', async (t) => {
  const running = await Running.start(t);
  const { lb, web, raw, ecdsa } = await site(running);
  const body = { loadBalancerId: lb, protocol: 'https', port: 443, defaultCertificateIds: [ecdsa] };
  const made = await running.call('createListener', { body: { ...body, backendServiceId: web } });
  assert.deepEqual(
    [made.name, made.idleTimeout, made.securityPolicyId, made.sessionTickets, made.certificates, made.serverNames],
    ['https-443', 60, 'tls-1-2-2025', true, [], []],
  );
  assert.deepEqual(made.clientCertificates, { mode: 'off', authorityId: null, depth: 1 });
  assert.deepEqual(made.hsts, { enabled: false, maxAge: 31_536_000, includeSubDomains: false });
  const problem = await running.refused('createListener', { body: { ...body, port: 444, backendServiceId: raw } });
  assert.match(
    firstError(problem),
    /protocol-mismatch \/backendServiceId backend service raw speaks tcp, the listener https/,
  );
  const tls = await running.call('createListener', {
    body: { ...body, port: 444, protocol: 'tls', service: { targets: [{ address: '10.0.0.1' }] } },
  });
  assert.deepEqual([tls.name, tls.idleTimeout], ['tls-444', 1_800]);
  const own = await running.call('getBackendService', { params: { backendServiceId: tls.backendServiceId! } });
  assert.equal(own.protocol, 'tcp');
});

test('TLS settings that cannot work are refused, with field and reason', async (t) => {
  const running = await Running.start(t);
  const { lb, web, raw, ecdsa, rsa } = await site(running);
  const second = await running.call('createCertificate', { body: upload(SITE, { name: 'twin' }) });
  const old = { name: 'old', versions: ['1.2'], ciphers: ['ECDHE-RSA-AES128-GCM-SHA256'] };
  const policy = await running.call('createSecurityPolicy', { body: old });
  const unknown = 'crt-01hf7yat018zv6cc00';
  const https = { protocol: 'https', defaultCertificateIds: [ecdsa] };
  const cases: readonly [object, RegExp][] = [
    [{ protocol: 'https' }, /validation-failed \/defaultCertificateIds is empty/],
    [{ ...https, defaultCertificateIds: [unknown] }, /reference-not-found \/defaultCertificateIds\/0 there is no/],
    [
      { ...https, defaultCertificateIds: [ecdsa, second.id] },
      /certificate-mismatch \/defaultCertificateIds\/1 ecdsa and twin both/,
    ],
    [
      { ...https, certificates: [{ name: 'other.test', certificateId: ecdsa }] },
      /certificate-mismatch \/certificates\/0\/name certificate ecdsa is not for other\.test/,
    ],
    [
      { ...https, certificates: [{ name: 'a.b.example.com', certificateId: ecdsa }] },
      /certificate-mismatch \/certificates\/0\/name/,
    ],
    [
      { ...https, certificates: [{ name: '*.com', certificateId: ecdsa }] },
      /validation-failed \/certificates\/0\/name \*\.com is no host name/,
    ],
    [
      { ...https, certificates: [{ name: '*.example.com', certificateId: rsa }] },
      /certificate-mismatch \/certificates\/0\/name/,
    ],
    [
      {
        ...https,
        certificates: [
          { name: 'EXAMPLE.com', certificateId: ecdsa },
          { name: 'example.com', certificateId: second.id },
        ],
      },
      /certificate-mismatch \/certificates\/1\/name example\.com has the certificate ecdsa/,
    ],
    [
      { ...https, certificates: [{ name: 'a b', certificateId: ecdsa }] },
      /validation-failed \/certificates\/0\/name a b is no host name/,
    ],
    [{ ...https, securityPolicyId: 'pol-01hf7yat018zv6cc00' }, /reference-not-found \/securityPolicyId/],
    [
      { ...https, securityPolicyId: policy.id },
      /certificate-mismatch \/securityPolicyId has no cipher for keys of type ecdsa/,
    ],
    [
      { ...https, clientCertificates: { mode: 'required' } },
      /validation-failed \/clientCertificates\/authorityId is missing/,
    ],
    [
      { ...https, clientCertificates: { mode: 'optional', authorityId: 'ca-01hf7yat018zv6cc00' } },
      /reference-not-found \/clientCertificates\/authorityId/,
    ],
    [
      { ...https, serverNames: [{ name: 'a.test', backendServiceId: raw }] },
      /validation-failed \/serverNames https has none/,
    ],
    [{ ...https, protocol: 'tls', hsts: { enabled: true } }, /validation-failed \/hsts\/enabled tls has no use for it/],
    [{ ...https, protocol: 'http' }, /validation-failed \/defaultCertificateIds is for https and tls alone/],
    [{ protocol: 'http', securityPolicyId: policy.id }, /validation-failed \/securityPolicyId is for https/],
    [
      { protocol: 'tcp', clientCertificates: { mode: 'optional' } },
      /validation-failed \/clientCertificates\/mode is for https/,
    ],
    [
      { protocol: 'tcp', serverNames: [{ name: 'a.test', backendServiceId: web }] },
      /protocol-mismatch \/serverNames\/0\/backendServiceId/,
    ],
    [
      {
        protocol: 'tcp',
        serverNames: [
          { name: 'a.test', backendServiceId: raw },
          { name: 'A.test.', backendServiceId: raw },
        ],
      },
      /validation-failed \/serverNames\/1\/name a\.test is there twice/,
    ],
  ];
  for (const [settings, says] of cases) {
    const body = { loadBalancerId: lb, port: 443, ...settings };
    assert.match(firstError(await running.refused('createListener', { body })), says, JSON.stringify(settings));
  }
  assert.deepEqual((await running.call('listListeners')).items, []);
});

test('settings of TLS are changed one by one; two keys, names and client certificates go together', async (t) => {
  const running = await Running.start(t);
  const { lb, ecdsa, rsa, authority } = await site(running);
  const created = await running.call('createListener', {
    body: { loadBalancerId: lb, protocol: 'https', port: 443, defaultCertificateIds: [ecdsa, rsa] },
  });
  const params = { listenerId: created.id };
  const changed = await running.call('updateListener', {
    params,
    body: {
      certificates: [
        { name: 'Example.com', certificateId: ecdsa },
        { name: 'example.com', certificateId: rsa },
        { name: 'www.example.com', certificateId: ecdsa },
      ],
      clientCertificates: { mode: 'optional', authorityId: authority },
      hsts: { enabled: true },
      securityPolicyId: 'tls-1-3-only',
      sessionTickets: false,
    },
  });
  assert.deepEqual(
    changed.certificates.map(({ name }) => name),
    ['example.com', 'example.com', 'www.example.com'],
  );
  const stricter = await running.call('updateListener', { params, body: { clientCertificates: { mode: 'required' } } });
  assert.deepEqual(stricter.clientCertificates, { mode: 'required', authorityId: authority, depth: 1 });
  assert.deepEqual(stricter.hsts, { enabled: true, maxAge: 31_536_000, includeSubDomains: false });
  const problem = await running.refused('updateListener', { params, body: { defaultCertificateIds: [] } });
  assert.match(firstError(problem), /defaultCertificateIds is empty/);
  for (const [name, arguments_] of [
    ['deleteCertificate', { certificateId: rsa }],
    ['deleteAuthority', { authorityId: authority }],
  ] as const) {
    const refusal = await running.refused(name, { params: arguments_ });
    assert.deepEqual([refusal.code, refusal.usedBy!.map(({ name }) => name)], ['resource-in-use', ['https-443']]);
  }
  const { items } = await running.call('listSecurityPolicies', { query: { name: 'tls-1-3-only' } });
  assert.deepEqual(
    items[0]!.usedBy.map(({ id }) => id),
    [created.id],
  );
});

test('a service that a tcp listener names for TLS that passes is in use', async (t) => {
  const running = await Running.start(t);
  const { lb, raw } = await site(running);
  const serverNames = [{ name: '*.Example.com', backendServiceId: raw }];
  const made = await running.call('createListener', {
    body: { loadBalancerId: lb, protocol: 'tcp', port: 443, serverNames },
  });
  assert.deepEqual(made.serverNames, [{ name: '*.example.com', backendServiceId: raw }]);
  const problem = await running.refused('deleteBackendService', { params: { backendServiceId: raw } });
  assert.deepEqual([problem.code, problem.usedBy!.map(({ name }) => name)], ['resource-in-use', ['tcp-443']]);
});

test('TLS to targets is verified against an authority, or not at all, and probes follow', async (t) => {
  const running = await Running.start(t);
  const { lb, web, authority } = await site(running);
  const create = (body: object) => ({ body: { loadBalancerId: lb, name: 'a', protocol: 'http', port: 443, ...body } });
  const refusals: readonly [object, RegExp][] = [
    [{ tls: { enabled: true } }, /tls\/authorityId is missing/],
    [{ tls: { authorityId: 'ca-01hf7yat018zv6cc00' } }, /reference-not-found \/tls\/authorityId/],
    [{ tls: { serverName: '*.a.test' } }, /tls\/serverName \*\.a\.test is no exact host name/],
  ];
  for (const [body, says] of refusals) {
    assert.match(firstError(await running.refused('createBackendService', create(body))), says);
  }
  const tls = { enabled: true, authorityId: authority, serverName: 'App.test' };
  const made = await running.call('createBackendService', create({ tls }));
  assert.deepEqual(made.tls, { enabled: true, verify: true, authorityId: authority, serverName: 'app.test' });
  assert.equal(made.healthCheck.protocol, 'http');
  const params = { backendServiceId: web };
  const body = { tls: { enabled: true, verify: false } };
  assert.equal((await running.call('updateBackendService', { params, body })).tls.verify, false);
  const { usedBy } = await running.call('getAuthority', { params: { authorityId: authority } });
  assert.deepEqual(
    usedBy.map(({ kind, name }) => [kind, name]),
    [['backendService', 'a']],
  );
});

test('documents name certificates, authorities and policies; applying one again changes nothing', async (t) => {
  const running = await Running.start(t);
  const { ecdsa } = await site(running);
  const document = {
    loadBalancers: [
      {
        name: 'doc',
        prune: true,
        backendServices: [
          { name: 'web', protocol: 'http', port: 80, tls: { enabled: true, authority: 'clients' } },
          { name: 'raw', protocol: 'tcp', port: 9 },
        ],
        listeners: [
          {
            protocol: 'https',
            port: 443,
            backendService: 'web',
            defaultCertificates: ['rsa'],
            certificates: [{ name: 'www.example.com', certificate: ecdsa }],
            securityPolicy: 'compatible',
            clientCertificates: { mode: 'optional', authority: 'clients', depth: 2 },
            hsts: { enabled: true, maxAge: 60 },
          },
          { protocol: 'tcp', port: 8_443, serverNames: [{ name: 'raw.example.com', backendService: 'raw' }] },
        ],
      },
    ],
  };
  const first = await running.call('applyConfiguration', { body: document });
  const fields = first.changes.find(({ name }) => name === 'https-443')!.fields;
  const after = (field: string) => fields.find((change) => change.field === field)?.after;
  assert.deepEqual(
    ['defaultCertificates', 'certificates', 'securityPolicy', 'clientCertificates.authority', 'hsts.maxAge'].map(after),
    [['rsa'], ['www.example.com=ecdsa'], 'compatible', 'clients', 60],
  );
  const second = await running.call('applyConfiguration', { body: document });
  assert.deepEqual([second.summary.updated, second.summary.deleted, second.generation], [0, 0, first.generation]);
  Object.assign(document.loadBalancers[0]!.listeners[0]!, { defaultCertificates: ['missing'] });
  const problem = await running.refused('applyConfiguration', { body: document });
  assert.match(
    firstError(problem),
    /reference-not-found \/loadBalancers\/0\/listeners\/0\/defaultCertificates\/0 there is no certificate missing/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExportedConfiguration } from '@evenkeel/model/resources/exchange.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

const PASSPHRASE = 'a sentence of words';
const SECRET = Buffer.alloc(32, 7).toString('base64url');

/** Two load balancers: one that draws on everything, and one of another team. */
async function fill(plane: Running): Promise<void> {
  await plane.call('createCertificate', { body: upload(SITE, { name: 'www' }) });
  await plane.call('createAuthority', { body: { name: 'clients', certificates: ROOT.certificate } });
  await plane.call('createSecurityPolicy', {
    body: { name: 'modern', versions: ['1.3'], ciphers: ['TLS_AES_128_GCM_SHA256'] },
  });
  await plane.call('createSecurityGroup', {
    body: { name: 'office', rules: [{ action: 'allow', source: '10.0.0.0/8', port: 443 }] },
  });
  await plane.call('createElasticIp', { body: { name: 'public' } });
  const jwt = { keys: [{ kty: 'oct', kid: 'a', k: SECRET }], algorithms: ['HS256'] };
  await plane.call('createLoadBalancer', {
    body: {
      name: 'shop',
      tags: { team: 'shop' },
      elasticIp: 'public',
      securityGroups: ['office'],
      backendServices: [{ name: 'app', protocol: 'http', port: 80, targets: [{ address: '10.0.0.1' }] }],
      ruleGroups: [{ name: 'rules', rules: [{ name: 'token', jwt, forward: [{ backendService: 'app' }] }] }],
      listeners: [
        {
          protocol: 'https',
          port: 443,
          backendService: 'app',
          ruleGroup: 'rules',
          defaultCertificates: ['www'],
          securityPolicy: 'modern',
          clientCertificates: { mode: 'optional', authority: 'clients' },
        },
      ],
    },
  });
  const subnets = [{ name: 'front', cidr: '10.20.1.0/24', reserved: ['10.20.1.128/25'] }];
  await plane.call('applyConfiguration', {
    body: {
      vpcs: [{ name: 'net', cidrs: ['10.20.0.0/16'], subnets }],
      loadBalancers: [{ name: 'mail', tags: { team: 'mail' }, subnet: 'front' }],
    },
  });
}

const namesOf = (configuration: ExportedConfiguration) =>
  Object.fromEntries(
    Object.entries(configuration).map(([list, value]) => [
      list,
      Array.isArray(value) ? value.map((one: { name: string }) => one.name) : value,
    ]),
  );

test('an export has what the chosen load balancers draw on, and applies without a difference', async (t) => {
  const plane = await Running.start(t);
  await fill(plane);
  await plane.call('createSecurityGroup', { body: { name: 'unused', rules: [{ action: 'deny', source: '::/0' }] } });
  const everything = await plane.call('exportConfiguration', { body: {} });
  const shop = {
    certificates: ['www'],
    authorities: ['clients'],
    securityPolicies: ['modern'],
    securityGroups: ['office'],
    elasticIps: ['public'],
    loadBalancers: ['shop'],
  };
  assert.deepEqual(namesOf(everything), {
    ...shop,
    securityGroups: ['office', 'unused'],
    vpcs: ['net'],
    loadBalancers: ['shop', 'mail'],
  });
  assert.ok(!JSON.stringify(everything).includes('PRIVATE KEY'));
  for (const body of [{ loadBalancers: ['shop'] }, { tags: { team: 'shop' } }]) {
    assert.deepEqual(namesOf(await plane.call('exportConfiguration', { body })), shop);
  }
  const mail = { loadBalancers: ['mail'], tags: { team: 'mail' } };
  assert.deepEqual(namesOf(await plane.call('exportConfiguration', { body: mail })), {
    vpcs: ['net'],
    loadBalancers: ['mail'],
  });
  assert.deepEqual(everything.vpcs, [
    {
      name: 'net',
      cidrs: ['10.20.0.0/16'],
      subnets: [{ name: 'front', cidr: '10.20.1.0/24', reserved: ['10.20.1.128/25'] }],
    },
  ]);
  for (const body of [{}, { allFields: true }]) {
    const exported = await plane.call('exportConfiguration', { body });
    const applied = await plane.call('applyConfiguration', { body: { dryRun: true, ...exported } });
    const { unchanged, ...changed } = applied.summary;
    assert.deepEqual(changed, { created: 0, updated: 0, deleted: 0 });
    assert.ok(unchanged > 10);
  }
  const unknown = await plane.refused('exportConfiguration', { body: { loadBalancers: ['shop', 'nobody'] } });
  assert.deepEqual([unknown.code, unknown.errors![0]!.field], ['reference-not-found', '/loadBalancers/1']);
  const none = await plane.refused('exportConfiguration', { body: { tags: { team: 'nobody' } } });
  assert.deepEqual([none.code, none.errors![0]!.field], ['reference-not-found', '/tags']);
});

test('keys go to another installation sealed, come out with the passphrase alone, and by new names', async (t) => {
  const from = await Running.start(t);
  await fill(from);
  const { sealed, ...plain } = await from.call('exportSealedConfiguration', { body: { passphrase: PASSPHRASE } });
  assert.deepEqual(plain, await from.call('exportConfiguration', { body: {} }));
  const [entry] = (await from.call('listAudit')).items.filter(({ action }) => action === 'exportSealedConfiguration');
  assert.equal(entry!.outcome, 'done');

  const to = await Running.start(t);
  const without = await to.refused('importConfiguration', { body: plain });
  assert.deepEqual([without.code, without.errors![0]!.field], ['reference-not-found', '/certificates/0/name']);
  const wrong = await to.refused('importConfiguration', { body: { ...plain, sealed, passphrase: 'a guess or two' } });
  assert.deepEqual([wrong.code, wrong.errors![0]!.field], ['wrong-passphrase', '/passphrase']);
  assert.deepEqual((await to.call('listAuthorities')).items, [], 'nothing was imported');

  const other = issue({ commonName: 'example.com', names: ['example.com'], issuer: ROOT, use: 'server' });
  await to.call('createCertificate', { body: upload(other, { name: 'www' }) });
  const conflict = await to.refused('importConfiguration', { body: { certificates: plain.certificates } });
  assert.match(conflict.errors![0]!.reason, /^www is the name of crt-.*, which differs: chain$/);
  const body = { ...plain, sealed, passphrase: PASSPHRASE, onConflict: 'rename' };
  const made = await to.call('importConfiguration', { body });
  assert.deepEqual(
    made.conflicts.map(({ name, renamedTo }) => [name, renamedTo]),
    [['www', 'www-2']],
  );
  const [listener] = (await to.call('listListeners')).items;
  const [, renamed] = (await to.call('listCertificates')).items;
  assert.deepEqual([renamed!.name, listener!.defaultCertificateIds], ['www-2', [renamed!.id]]);
  const [group] = (await to.call('listRuleGroups')).items;
  const rules = await to.call('listRules', { params: { ruleGroupId: group!.id } });
  assert.deepEqual(rules.items[0]!.jwt!.keys, [{ kty: 'oct', kid: 'a', secretSet: true }]);

  const { id: userId } = await from.call('createUser', { body: { name: 'op', role: 'operator' } });
  const { token } = await from.call('createToken', { body: { userId, name: 't' } });
  const refused = await from.refused('exportSealedConfiguration', { body: { passphrase: PASSPHRASE }, token });
  assert.equal(refused.code, 'forbidden');
});

test('objects that are there and differ are refused, renamed or replaced, all or nothing', async (t) => {
  const from = await Running.start(t);
  const allow = (source: string) => [{ action: 'allow', source }];
  const made = await from.call('applyConfiguration', {
    body: {
      securityGroups: [{ name: 'office', rules: allow('10.0.0.0/8') }],
      elasticIps: [{ name: 'public' }],
      loadBalancers: [
        {
          name: 'shop',
          elasticIp: 'public',
          securityGroups: ['office'],
          listeners: [{ protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }] } }],
        },
        { name: 'mail' },
      ],
    },
  });
  assert.equal(made.summary.created, 8);
  const body = await from.call('exportConfiguration', { body: {} });
  const to = await Running.start(t);
  await to.call('importConfiguration', { body });
  const [office] = (await to.call('listSecurityGroups')).items;
  const [listener] = (await to.call('listListeners')).items;
  const params = { securityGroupId: office!.id };
  await to.call('updateSecurityGroup', { params, body: { rules: allow('192.0.2.0/24') } });
  await to.call('updateListener', { params: { listenerId: listener!.id }, body: { idleTimeout: 7 } });

  const refused = await to.refused('importConfiguration', { body });
  assert.equal(refused.code, 'import-conflict');
  assert.deepEqual(
    refused.errors!.map(({ field }) => field),
    ['/securityGroups/0/name', '/loadBalancers/0/name'],
  );
  assert.match(refused.errors![1]!.reason, /differs: listeners\/http-80\/idleTimeout$/);
  const dry = await to.call('importConfiguration', { body: { ...body, dryRun: true } });
  assert.deepEqual(
    dry.conflicts.map(({ kind, name, differs, renamedTo }) => ({ kind, name, differs, renamedTo })),
    [
      { kind: 'securityGroup', name: 'office', differs: ['rules'], renamedTo: null },
      { kind: 'loadBalancer', name: 'shop', differs: ['listeners/http-80/idleTimeout'], renamedTo: null },
    ],
  );
  assert.deepEqual(dry.summary.updated, 0);

  const renamed = await to.call('importConfiguration', { body: { ...body, onConflict: 'rename' } });
  assert.deepEqual(
    renamed.conflicts.map(({ name, renamedTo }) => [name, renamedTo]),
    [
      ['office', 'office-2'],
      ['shop', 'shop-2'],
      ['public', 'public-2'],
    ],
  );
  assert.deepEqual([renamed.summary.updated, renamed.summary.deleted], [0, 0]);
  const copy = await to.call('exportConfiguration', { body: { loadBalancers: ['shop-2'] } });
  const { vip, ...second } = copy.loadBalancers![0]!;
  const { vip: first, ...original } = body.loadBalancers![0]!;
  assert.notEqual(vip, first);
  const names = { name: 'shop-2', elasticIp: 'public-2', securityGroups: ['office-2'] };
  assert.deepEqual(second, { ...original, ...names });

  const replaced = await to.call('importConfiguration', { body: { ...body, onConflict: 'replace' } });
  assert.deepEqual([replaced.summary.created, replaced.summary.updated], [0, 2]);
  const { items } = await to.call('listListeners');
  assert.equal(items.find(({ id }) => id === listener!.id)!.idleTimeout, 60);
  assert.deepEqual((await to.call('importConfiguration', { body })).conflicts, []);
});

test('a VPC that differs is imported beside the other one, with subnets of other names', async (t) => {
  const plane = await Running.start(t);
  const network = (cidr: string) => ({
    vpcs: [{ name: 'net', cidrs: ['10.20.0.0/16'], subnets: [{ name: 'front', cidr }] }],
    loadBalancers: [{ name: 'web', subnet: 'front' }],
  });
  await plane.call('importConfiguration', { body: network('10.20.1.0/24') });
  const body = network('10.20.2.0/24');
  const refused = await plane.refused('importConfiguration', { body });
  assert.deepEqual(
    refused.errors!.map(({ field, reason }) => [field, reason.replace(/^.*: /, '')]),
    [['/vpcs/0/name', 'subnets/front/gateway, subnets/front/cidr']],
  );
  await plane.call('importConfiguration', { body: { ...body, onConflict: 'rename' } });
  const { loadBalancers } = await plane.call('exportConfiguration', { body: {} });
  assert.deepEqual(
    loadBalancers!.map(({ name, subnet, vip }) => [name, subnet, vip]),
    [
      ['web', 'front', '10.20.1.2'],
      ['web-2', 'front-2', '10.20.2.2'],
    ],
  );
});

test('a document in short form is compared with what it makes, and a bad one changes nothing', async (t) => {
  const plane = await Running.start(t);
  const short = {
    name: 'short',
    listeners: [{ protocol: 'http' as const, port: 80, service: { targets: [{ address: '10.0.0.1' }] } }],
  };
  await plane.call('importConfiguration', { body: { loadBalancers: [short] } });
  const again = await plane.call('importConfiguration', { body: { loadBalancers: [short] } });
  assert.deepEqual([again.conflicts, again.summary], [[], { created: 0, updated: 0, deleted: 0, unchanged: 5 }]);

  const bad = { name: 'bad', listeners: [{ protocol: 'http', port: 80, backendService: 'nobody' }] };
  const refused = await plane.refused('importConfiguration', { body: { loadBalancers: [{ name: 'good' }, bad] } });
  assert.deepEqual(
    [refused.code, refused.errors![0]!.field],
    ['reference-not-found', '/loadBalancers/1/listeners/0/backendService'],
  );
  assert.deepEqual(
    (await plane.call('listLoadBalancers')).items.map(({ name }) => name),
    ['short'],
  );
  const nothing = await plane.refused('importConfiguration', { body: { passphrase: PASSPHRASE } });
  assert.equal(nothing.errors![0]!.field, '/passphrase');
});

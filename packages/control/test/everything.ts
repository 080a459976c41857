import type { IdKind } from '@evenkeel/model/id-kinds.ts';
import type { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

/** A tenant with an administrator of its own, and with one object of every kind. */
export interface Inhabited {
  readonly tenantId: string;
  /** Of the tenant's administrator. */
  readonly token: string;
  /** By kind; what belongs to no tenant is not there. */
  readonly ids: Readonly<Record<IdKind, string>>;
  /** Of the protocols that not every setting goes with. */
  readonly listeners: { readonly https: string; readonly tcp: string };
  /** By kind, where objects have names that documents refer to them by. */
  readonly names: Readonly<Record<string, string>>;
}

/** Makes a tenant and fills it. Nothing in it has a name that a tenant of another name has. */
export async function inhabit(running: Running, tenant: string): Promise<Inhabited> {
  const { id: tenantId } = await running.call('createTenant', { body: { name: tenant } });
  const headers = { 'evenkeel-tenant': tenant };
  const admin = await running.call('createUser', { body: { name: `${tenant}-admin`, role: 'admin' }, headers });
  const made = await running.call('createToken', { body: { userId: admin.id, name: `${tenant}-token` }, headers });
  const { token } = made;
  const call: Running['call'] = (name, args = {}) => running.call(name, { ...args, token });

  const name = (kind: string) => `${tenant}-${kind}`;
  const { id: loadBalancerId, operationId } = await call('createLoadBalancer', { body: { name: name('lb') } });
  const own = { loadBalancerId };
  const targetGroup = await call('createTargetGroup', { body: { ...own, name: name('group') } });
  const params = { targetGroupId: targetGroup.id };
  const { targets } = await call('registerTargets', { params, body: { targets: [{ address: '10.0.0.1' }] } });
  const backendService = await call('createBackendService', {
    body: { ...own, name: name('service'), protocol: 'http', port: 80, targetGroupId: targetGroup.id },
  });
  const ruleGroup = await call('createRuleGroup', { body: { ...own, name: name('rules') } });
  const rule = await call('createRule', {
    params: { ruleGroupId: ruleGroup.id },
    body: { name: name('rule'), match: { methods: ['PUT'] }, forward: [{ backendServiceId: backendService.id }] },
  });
  const listener = await call('createListener', {
    body: { ...own, name: name('listener'), protocol: 'http', port: 80, backendServiceId: backendService.id },
  });
  const elasticIp = await call('createElasticIp', { body: { name: name('eip') } });
  const certificate = await call('createCertificate', { body: upload(SITE, { name: name('certificate') }) });
  const authority = await call('createAuthority', {
    body: { name: name('authority'), certificates: ROOT.certificate },
  });
  const secure = await call('createListener', {
    body: { ...own, name: name('secure'), protocol: 'https', port: 443, defaultCertificateIds: [certificate.id] },
  });
  const through = await call('createListener', { body: { ...own, name: name('through'), protocol: 'tcp', port: 444 } });
  const policy = { versions: ['1.3'], ciphers: ['TLS_AES_128_GCM_SHA256'] };
  const securityPolicy = await call('createSecurityPolicy', { body: { name: name('policy'), ...policy } });
  const securityGroup = await call('createSecurityGroup', {
    body: { name: name('guard'), rules: [{ action: 'allow', source: '10.0.0.0/8' }] },
  });
  const vpc = await call('createVpc', { body: { name: name('vpc'), cidrs: ['10.20.0.0/16'] } });
  const subnet = await call('createSubnet', {
    body: { vpcId: vpc.id, name: name('subnet'), cidr: '10.20.1.0/24' },
  });
  const accessKey = await call('createAccessKey', { body: { name: name('key') } });
  const statements = [{ effect: 'deny' as const, actions: ['logout'] }];
  const accessPolicy = await call('createAccessPolicy', { body: { name: name('access'), statements } });
  const person = await call('createUser', { body: { name: name('person'), role: 'viewer' } });
  const password = 'a sentence of words';
  await call('setPassword', { params: { userId: person.id }, body: { password } });
  const session = await running.call('login', { body: { tenant, user: person.name, password } });
  const webhook = await call('createWebhook', { body: { name: name('hook'), url: 'https://127.0.0.1:1/hook' } });
  return {
    tenantId,
    token,
    ids: {
      loadBalancer: loadBalancerId,
      listener: listener.id,
      backendService: backendService.id,
      targetGroup: targetGroup.id,
      target: targets[0]!.id,
      ruleGroup: ruleGroup.id,
      rule: rule.id,
      elasticIp: elasticIp.id,
      certificate: certificate.id,
      authority: authority.id,
      securityPolicy: securityPolicy.id,
      securityGroup: securityGroup.id,
      vpc: vpc.id,
      subnet: subnet.id,
      operation: operationId,
      tenant: tenantId,
      user: admin.id,
      token: made.id,
      accessKey: accessKey.id,
      webhook: webhook.id,
      accessPolicy: accessPolicy.id,
      session: session.id,
      changeSet: (await call('createChangeSet', { body: { loadBalancers: [{ name: name('planned') }] } })).id,
      revision: (await call('listRevisions')).items[0]!.id,
    } as unknown as Readonly<Record<IdKind, string>>,
    listeners: { https: secure.id, tcp: through.id },
    names: {
      loadBalancer: name('lb'),
      backendService: name('service'),
      targetGroup: name('group'),
      ruleGroup: name('rules'),
      elasticIp: name('eip'),
      certificate: name('certificate'),
      authority: name('authority'),
      securityPolicy: name('policy'),
      securityGroup: name('guard'),
      subnet: name('subnet'),
    },
  };
}

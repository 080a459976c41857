import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { PLAIN_HTTP, type PlannedForwarding } from '@evenkeel/model/plan/http.ts';
import { PLAIN_HTTP_LISTENER, PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import { isShared, type PlanEntry, type SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import type { PlannedTls } from '@evenkeel/model/plan/tls.ts';
import { createEngine } from '@evenkeel/proxy/engine/create.ts';
import { CIPHERS, CIPHERSUITES, type Setup } from './balancers/balancer.ts';
import { hostOfRule } from './rules.ts';

/**
 * A program that runs the data plane alone, as `balancers/engine.ts` sets it up: one HTTP listener in front of the
 * origins, the access log drained to a file as often as the agent does it, the counters served as JSON. The only argument is the file
 * with the setup. EVENKEEL_REACTOR chooses the reactor (uring).
 */
const DRAIN_MILLISECONDS = 20;
const COOKIE: PlannedStickiness = {
  type: 'cookie',
  cookieName: 'SRV',
  expiry: 0,
  key: Buffer.alloc(32, 7).toString('base64'),
  oldKeys: [],
};
const TOLD: PlannedForwarding = { ...PLAIN_HTTP.forwarding, protocol: true, port: true, host: true };
const TLS: PlannedTls = {
  defaultCertificates: ['server'],
  certificates: [],
  versions: ['1.2', '1.3'],
  ciphers: CIPHERS,
  ciphersuites: CIPHERSUITES,
  sessionTickets: true,
  clientCertificates: null,
};
const setup = JSON.parse(readFileSync(process.argv[2], 'utf8')) as Setup;
const reactor = process.env.EVENKEEL_REACTOR === 'portable' ? 'portable' : 'uring';
const engine = await createEngine({ workers: 1, reactor });
console.log(`reactor ${engine.reactor}: ${engine.reactorReason}`);

const refused = await engine.apply({
  shared: new Map(sharedEntries().map((entry) => [entry.key, entry])),
  services: new Map([
    [
      'service',
      {
        service: {
          id: 'service',
          name: 'origins',
          protocol: 'http',
          algorithm: 'round-robin',
          groupId: 'group',
          port: 80,
          healthCheck: null,
          connectTimeout: 5_000,
          readTimeout: 60_000,
          drainTimeout: 1_000,
          ...PLAIN_SERVICE,
          stickiness: setup.sessions ? COOKIE : null,
        },
        targets: setup.origins.map(({ address, port }, index) => ({
          id: `origin${index}`,
          address,
          port,
          weight: 1,
          state: 'active' as const,
          eligible: true,
        })),
      },
    ],
  ]),
  listeners: new Map([
    [
      'listener',
      {
        id: 'listener',
        loadBalancerId: 'balancer',
        loadBalancerName: 'bench',
        name: 'clients',
        protocol: setup.tls === undefined ? 'http' : 'https',
        addresses: [setup.address],
        port: setup.port,
        serviceId: 'service',
        idleTimeout: 120_000,
        headerTimeout: 10_000,
        accessLog: true,
        ...PLAIN_HTTP_LISTENER,
        http: setup.sessions ? { ...PLAIN_HTTP, forwarding: TOLD } : PLAIN_HTTP,
        ruleGroupId: setup.rules === undefined ? null : 'rules',
        tls: setup.tls === undefined ? null : TLS,
      },
    ],
  ]),
});
if (refused.length > 0) throw new Error(`the listener was refused: ${refused[0].detail}`);

const accessLog = join(setup.directory, 'access.log');
const drain = setInterval(() => {
  for (let lines = engine.readAccessLog(); lines !== null; lines = engine.readAccessLog())
    appendFileSync(accessLog, lines);
}, DRAIN_MILLISECONDS);
const metrics = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(engine.counters()));
});
metrics.listen(setup.metricsPort, setup.address);

process.once('SIGTERM', async () => {
  clearInterval(drain);
  metrics.close();
  await engine.stop(1_000);
});

function sharedEntries(): SharedEntry[] {
  const { rules, tls } = setup;
  const entries: PlanEntry[] = [];
  if (rules !== undefined) entries.push(ruleGroup(rules));
  if (tls !== undefined) {
    const { certificate: chain, key: privateKey } = tls;
    const own = { id: 'server', names: [], keyType: 'ecdsa', ocspResponse: null } as const;
    entries.push(planEntry('certificate', { ...own, chain, privateKey }));
    const keys = [randomBytes(80).toString('base64')];
    entries.push(planEntry('ticket-keys', { id: 'current', keys }));
  }
  return entries.filter(isShared);
}

/** As `Setup.rules` says. */
function ruleGroup(count: number) {
  const rules = Array.from({ length: count }, (_, index) => ({
    id: `rule${index}`,
    name: `rule${index}`,
    priority: index + 1,
    match: {
      hosts: count === 1 ? [] : [{ kind: 'exact' as const, value: hostOfRule(index) }],
      paths: [{ kind: 'prefix' as const, value: '/', ignoreCase: false }],
      methods: [],
      headers: [],
      cookies: [],
      query: [],
      sources: [],
    },
    jwt: null,
    rewrite: null,
    mirror: null,
    requestHeaders: [],
    responseHeaders: [],
    action: { type: 'forward' as const, services: [{ serviceId: 'service', weight: 1 }] },
  }));
  const entry = planEntry('rule-group', { id: 'rules', name: 'rules', order: 'priority', rules });
  if (entry.kind !== 'rule-group') throw new Error('a rule group is a rule group');
  return entry;
}

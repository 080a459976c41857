import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unkeptSetting } from '@evenkeel/agent/datapath/settings.ts';
import { entryShape } from '@evenkeel/agent/plan/entry-shape.ts';
import { Validators } from '@evenkeel/control/api/validation.ts';
import { createFromDocument } from '@evenkeel/control/configuration/apply.ts';
import { compile } from '@evenkeel/control/plan/compile.ts';
import { planAuthority, planCertificate, planTicketKeys } from '@evenkeel/control/plan/tls.ts';
import { ProblemError } from '@evenkeel/control/problem.ts';
import { createAuthority } from '@evenkeel/control/resources/authorities.ts';
import { createCertificate } from '@evenkeel/control/resources/certificates.ts';
import { Secret } from '@evenkeel/control/secrets/secret.ts';
import { Draft } from '@evenkeel/control/state/draft.ts';
import { EMPTY_STATE } from '@evenkeel/control/state/state.ts';
import { AUTHORITY, CERTIFICATE, JWT, LISTENER_LIMITS } from '@evenkeel/model/limits.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { FORWARDING_MODES } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { LoadBalancerCreate } from '@evenkeel/model/resources/document.ts';
import { createZone } from '../packages/control/src/placement/zones.ts';
import { createSecurityGroup } from '../packages/control/src/resources/security-groups.ts';
import { draftContext, seeded } from '../packages/control/test/random-changes.ts';
import { ROOT, SITE, upload } from '../packages/control/test/tls.ts';
import { fieldsOf, replaced } from './plan/edges.ts';
import { EVERY_FIELD, EXAMPLES, NOT_DRIVEN } from './plan/every-field.ts';

/** What the API lets in, nodes must take: one entry of a shape that the agent refuses keeps all changes from a node. */

const context = draftContext(seeded(1));
const seed = new Draft(EMPTY_STATE, context);
createAuthority(seed, { name: 'root', certificates: ROOT.certificate });
createCertificate(seed, { name: 'site', ...upload(SITE) });
createZone(seed, { name: 'a' });
createSecurityGroup(seed, { name: 'office', rules: [{ action: 'allow', source: '10.0.0.0/8' }] });
const SEED = seed.finish();
const validate = new Validators().for(LoadBalancerCreate, 'body');

/** The fault that the agent finds, empty when there is none; null: the API refuses the document. */
function faultOf(document: LoadBalancerCreate): string | null {
  const draft = new Draft(SEED, context);
  try {
    validate(document);
    createFromDocument(draft, document);
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
  const { entries } = compile(draft.finish(), null);
  for (const entry of entries.values()) {
    const fault = shapeFault(entry);
    if (fault !== '') return fault;
  }
  return '';
}

/** As the entry comes through the stream. */
function shapeFault(entry: PlanEntry): string {
  return entryShape(JSON.parse(JSON.stringify(entry)), entry.key);
}

const { fields, lacking } = fieldsOf(LoadBalancerCreate, EVERY_FIELD);

test('every field of a document is driven', () => {
  validate(EVERY_FIELD);
  createFromDocument(new Draft(SEED, context), EVERY_FIELD);
  assert.equal(faultOf(EVERY_FIELD), '');
  // The fields of a service inside a listener are those of a service.
  assert.deepEqual(
    [...lacking].filter((name) => !name.startsWith('InlineService.')),
    [],
  );
});

test('values at the edges of what the API lets in have a shape that agents take', () => {
  const faults: string[] = [];
  const accepted = new Map<string, number>();
  for (const { name, path, edges } of fields) {
    let count = 0;
    for (const edge of [...edges, ...(EXAMPLES[name] ?? [])]) {
      const fault = faultOf(replaced(EVERY_FIELD, path, edge));
      if (fault !== null) count++;
      if (fault) faults.push(`${path.join('.')} = ${JSON.stringify(edge).slice(0, 40)}: ${fault}`);
    }
    accepted.set(name, (accepted.get(name) ?? 0) + count);
  }
  assert.deepEqual(faults, []);
  const never = [...accepted].filter(([name, count]) => count === 0 && !NOT_DRIVEN.test(name)).map(([name]) => name);
  assert.deepEqual(never, [], 'of these fields, no other value was let in');
});

test('what only network load balancers have', () => {
  for (const forwardingMode of FORWARDING_MODES) {
    for (const protocol of ['tcp', 'udp', 'tcp-udp'] as const) {
      const sourceNat = forwardingMode === 'nat';
      const service = {
        forwardingMode,
        sourceNat,
        onTargetFailure: 'reset' as const,
        targets: [{ address: '10.0.0.1' }],
      };
      const listeners = [
        { protocol, port: 1, service },
        { protocol, port: 2, lastPort: 65_535 },
      ];
      assert.equal(faultOf({ name: 'net', type: 'network', listeners }), '', `${forwardingMode} ${protocol}`);
    }
  }
});

test('limits that only network load balancers have, at their edges', () => {
  const names = ['sourcePacketsPerSecond', 'sourcePacketsBurst', 'synAlarm', 'synCalm'] as const;
  for (const edge of ['minimum', 'maximum'] as const) {
    const limits = Object.fromEntries(names.map((name) => [name, LISTENER_LIMITS[name][edge]]));
    const listeners = [{ protocol: 'tcp-udp' as const, port: 1, limits }];
    assert.equal(faultOf({ name: 'net', type: 'network', listeners }), '', edge);
  }
});

test('the keys of a token, as long as they may be', () => {
  const keysOf = (length: number) => [{ kty: 'oct', k: 'A'.repeat(43), note: 'x'.repeat(length) }];
  const room = JWT.setLength - JSON.stringify({ keys: keysOf(0) }).length;
  const path = ['ruleGroups', 0, 'rules', 0, 'jwt', 'keys'];
  assert.equal(faultOf(replaced(EVERY_FIELD, path, keysOf(room))), '');
  assert.equal(faultOf(replaced(EVERY_FIELD, path, keysOf(room + 1))), null);
});

test('certificates, authorities and ticket keys, as long as they may be', () => {
  const [certificate] = SEED.certificates.values();
  const [authority] = SEED.authorities.values();
  const key = Buffer.alloc(80, 255).toString('base64');
  const entries = [
    planEntry(
      'certificate',
      planCertificate({
        ...certificate!,
        pem: 'x'.repeat(CERTIFICATE.chainLength),
        privateKey: new Secret('x'.repeat(CERTIFICATE.keyLength)),
        names: Array.from({ length: CERTIFICATE.names }, () => `*.${'a'.repeat(251)}`),
        ocspResponse: '='.repeat(CERTIFICATE.ocspLength),
      }),
    ),
    planEntry(
      'authority',
      planAuthority({
        ...authority!,
        certificatesPem: 'x'.repeat(AUTHORITY.certificatesLength),
        revocationListsPem: 'x'.repeat(AUTHORITY.revocationListsLength),
      }),
    ),
    planEntry('ticket-keys', planTicketKeys({ keys: [new Secret(key)], rotatedAt: 0 })),
  ];
  for (const entry of entries) assert.equal(shapeFault(entry), '');
});

test('a network load balancer that says nothing of its settings has none that the kernel does not keep', () => {
  for (const protocol of ['tcp', 'udp', 'tcp-udp'] as const) {
    const draft = new Draft(SEED, context);
    const service = { targets: [{ address: '10.0.0.1' }] };
    createFromDocument(draft, { name: 'net', type: 'network', listeners: [{ protocol, port: 53, service }] });
    const entries = [...compile(draft.finish(), null).entries.values()];
    const valueOf = <Value>(kind: string) => entries.find(({ key }) => key.startsWith(`${kind}/`))!.value as Value;
    assert.equal(unkeptSetting(valueOf<PlannedListener>('listener'), valueOf<PlannedService>('service')), '', protocol);
  }
});

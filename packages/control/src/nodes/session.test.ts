import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_PLAN } from '@evenkeel/model/plan/delta.ts';
import type { CertificateMessage } from '@evenkeel/model/plan/membership.ts';
import { PlanPublisher } from '../plan/publisher.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { AgentSession, type AgentSocket, type SessionContext } from './session.ts';

const ACCESS = { kind: 'certificate', node: 'lb-1', identity: 'first' } as const;

/** A session of a node that has joined in that zone. */
function sessionOf(joined: string, renew: () => Promise<CertificateMessage>) {
  const sent: { readonly type: string }[] = [];
  const warnings: string[] = [];
  const said: string[] = [];
  const socket: AgentSocket = {
    bufferedAmount: 0,
    send: (text) => sent.push(JSON.parse(text) as { type: string }),
    close: (_, reason) => assert.fail(reason),
  };
  const context = {
    plans: new PlanPublisher(EMPTY_STATE),
    nodes: {
      connected: () => true,
      seen: () => {},
      owes: () => said.push('owes'),
      applied: () => said.push('applied'),
    },
    membership: {
      gate: { refusalOf: () => null },
      identities: { get: () => ({ zone: joined }) },
      joining: { renew },
      zoneKeys: { messageFor: (zone: string) => ({ type: 'zone-keys', zone }) },
      trust: () => null,
    },
    warn: (_: string, message: string) => warnings.push(message),
    opened: () => {},
  } as unknown as SessionContext;
  const session = new AgentSession(socket, ACCESS, context);
  const hello = (zone: string) => {
    const { version, hash } = EMPTY_PLAN;
    const machine = { software: 's', reactor: 'portable', workers: 1 };
    session.receive(JSON.stringify({ type: 'hello', node: 'lb-1', zone, protocol: 2, version, hash, ...machine }));
  };
  return { session, sent, warnings, said, hello };
}

test('a node that has joined stays in its zone, whatever it says, and is told the keys of no other', () => {
  for (const [joined, said] of [
    ['east', 'west'],
    ['', 'west'],
    ['east', ''],
  ] as const) {
    const { session, sent, warnings, hello } = sessionOf(joined, () => assert.fail());
    hello(said);
    assert.equal(session.zone, joined);
    assert.deepEqual(sent[0], { type: 'zone-keys', zone: joined });
    assert.equal(warnings.length, said === '' ? 0 : 1);
  }
});

test('a node has one certificate on its way, however often it asks', async () => {
  const asked: (() => void)[] = [];
  const { session, sent, hello } = sessionOf('', () => {
    const { promise, resolve } = Promise.withResolvers<CertificateMessage>();
    asked.push(() => resolve({ type: 'certificate', certificate: 'PEM', reason: '' }));
    return promise;
  });
  hello('');
  const renew = () => session.receive(JSON.stringify({ type: 'renew', publicKey: 'k', proof: 'p' }));
  for (let i = 0; i < 50; i++) renew();
  assert.equal(asked.length, 1);
  asked[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(sent.filter(({ type }) => type === 'certificate').length, 1);
  renew();
  assert.equal(asked.length, 2);
});

test('a node owes an answer from the first frame that it is sent until it has acknowledged the last', () => {
  const { session, said, hello } = sessionOf('', () => assert.fail());
  const applied = () => {
    said.length = 0;
    session.receive(JSON.stringify({ type: 'applied', version: EMPTY_PLAN.version, refused: [] }));
  };
  hello('');
  assert.deepEqual(said, ['owes']);
  applied();
  assert.deepEqual(said, ['applied'], 'nothing else is on its way');
  session.receive(JSON.stringify({ type: 'resync' }));
  assert.equal(said.at(-1), 'owes');
});

import { Id, NodeId } from '../identifiers.ts';
import { FLOW_STATES } from '../plan/flows.ts';
import { TARGET_STATES } from '../plan/stickiness.ts';
import { TARGET_HEALTH_STATES } from '../plan/stream.ts';
import { Address, Nullable, Output, Port, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';

const Text = (description: string) => Type.String({ description });
const Flag = (description: string) => Type.Boolean({ description });
const Count = (description: string) => Type.Integer({ minimum: 0, description });

export const CONDITION_KINDS = ['host', 'path', 'method', 'source', 'header', 'query', 'cookie', 'rank'] as const;

/** One thing that a rule asks of requests, and whether this request has it. */
export const ExplainedCondition = Output('ExplainedCondition', {
  kind: Words(CONDITION_KINDS, 'What is compared; `rank`: another rule that matches comes before this one.'),
  name: Text('Of the header, cookie or parameter; else empty.'),
  wanted: Text('What the rule asks for, in words.'),
  actual: Text('What the request has.'),
  holds: Flag('Whether that is what the rule asks for.'),
});
export type ExplainedCondition = Static<typeof ExplainedCondition>;

export const RULE_OUTCOMES = ['applies', 'outranked', 'no-match'] as const;

export const ExplainedRule = Output('ExplainedRule', {
  ruleId: Text('Identifier of the rule.'),
  name: Text('Its name.'),
  priority: Type.Integer({ description: 'Its priority.' }),
  outcome: Words(RULE_OUTCOMES, '`outranked`: it matches as well, but another one comes first.'),
  conditions: Type.Array(Ref(ExplainedCondition), { description: 'Empty: it asks for nothing.' }),
});
export type ExplainedRule = Static<typeof ExplainedRule>;

export const ExplainedRequest = Output('ExplainedRequest', {
  method: Text('The method.'),
  host: Text('The host as rules compare it: without port and final dot.'),
  path: Text('The path as rules compare it: without dot segments and the query.'),
  query: Text('The query, without its question mark.'),
  client: Address("The client's address: the source, or whom a trusted proxy names in `X-Forwarded-For`."),
});

export const ExplainedShare = Output('ExplainedShare', {
  serviceId: Text('Identifier of the backend service.'),
  weight: Type.Integer({ description: 'Its weight in the rule.' }),
  percent: Type.Number({ description: 'Its share of the clients.' }),
  chosen: Flag('Whether this client is one of them.'),
});
export type ExplainedShare = Static<typeof ExplainedShare>;

export const ExplainedTarget = Output('ExplainedTarget', {
  targetId: Text('Identifier of the target.'),
  address: Address('Its address.'),
  port: Port('The port that traffic goes to.'),
  zone: Text('Its zone; empty: none.'),
  weight: Type.Integer({ description: 'Its weight.' }),
  state: Words(TARGET_STATES, 'What the configuration wants of it.'),
  health: Words(TARGET_HEALTH_STATES, 'What this node has found.'),
  healthReason: Text('Empty, or why the last probe failed.'),
  share: Count('Percent of what its weight gives it: less while it starts slowly, 0 while it is ejected.'),
  underWay: Count('Requests and connections that are under way there on this node.'),
  candidate: Flag('Whether it takes new traffic now.'),
  why: Text('Why it does, or does not.'),
  chosen: Flag('Whether the request would go there.'),
});
export type ExplainedTarget = Static<typeof ExplainedTarget>;

export const ExplainedStickiness = Output('ExplainedStickiness', {
  type: Words(['cookie', 'application-cookie', 'source-ip'], 'What clients are known by.'),
  targetId: Nullable(Text('The target that the client belongs to; null: none.')),
  why: Text('What the request says of that, in words.'),
});
export type ExplainedStickiness = Static<typeof ExplainedStickiness>;

export const ExplainedService = Output('ExplainedService', {
  serviceId: Text('Identifier of the backend service.'),
  name: Text('Its name.'),
  algorithm: Text('How it chooses among its targets.'),
  clientHash: Count(
    'The number by which hashing knows the client, or the request for the algorithm hash: the same on every node.',
  ),
  stickiness: Nullable(Ref(ExplainedStickiness)),
  targets: Type.Array(Ref(ExplainedTarget)),
  because: Text('Why that target, in words.'),
});
export type ExplainedService = Static<typeof ExplainedService>;

export const FLOW_FATES = ['forward', 'drop', 'challenge', 'reset'] as const;

export const ExplainedFate = Output('ExplainedFate', {
  outcome: Words(FLOW_FATES, '`challenge`: the client is asked to show that it is there; `reset`: it gets a RST.'),
  targetId: Nullable(Text('The target; null: none.')),
  reason: Text('Why it is dropped, as in metrics; else empty.'),
});
export type ExplainedFate = Static<typeof ExplainedFate>;

export const ExplainedEntry = Output('ExplainedEntry', {
  targetId: Nullable(Text('The target; null: one that is gone.')),
  state: Words(FLOW_STATES, 'Of its connection.'),
  idleSeconds: Count('Since its last packet.'),
  over: Flag('It has been silent for too long, and counts no more.'),
});
export type ExplainedEntry = Static<typeof ExplainedEntry>;

export const ATTACH_POINTS = ['tcx', 'xdp'] as const;

/** Programs at both points read the same tables; what they can do with a packet may differ. */
export const ExplainedPoint = Output('ExplainedPoint', {
  point: Words(
    ATTACH_POINTS,
    'Where programs meet packets: before the kernel makes anything of them (`xdp`), or after.',
  ),
  devices: Type.Array(Type.String(), { description: 'Devices of the node that have their program there.' }),
  opening: Ref(ExplainedFate),
  following: Ref(ExplainedFate),
});
export type ExplainedPoint = Static<typeof ExplainedPoint>;

/** Of listeners that the kernel carries. */
export const ExplainedFlow = Output('ExplainedFlow', {
  protocol: Words(['tcp', 'udp'], 'Of its packets.'),
  client: Address('Who sends them.'),
  clientPort: Port('The port that they come from.'),
  vip: Address('Where they go.'),
  vipPort: Port('The port there.'),
  slot: Nullable(Type.Integer({ minimum: 0, description: 'Of the table; null: the listener has no table yet.' })),
  currentTargetId: Nullable(Text('The target that the slot names now; null: none.')),
  previousTargetId: Nullable(
    Text('The one before, which keeps the flows that it had; the same where nothing has changed lately.'),
  ),
  remembers: Flag('Flows of the slot may be written down: it has changed, and they are not all settled.'),
  written: Nullable(Ref(ExplainedEntry)),
  keptTargetId: Nullable(Text('The target that persistence keeps the client at; null: none.')),
  nodeAddress: Nullable(
    Address('The address of the node that the target sees, or would see, by source NAT; null: it sees the client.'),
  ),
  nodePort: Nullable(Port('The port of the node, likewise.')),
  opening: Ref(ExplainedFate),
  following: Ref(ExplainedFate),
  points: Type.Array(Ref(ExplainedPoint), {
    description:
      'What becomes of its packets by the device that they come in by; `opening` and `following` are those at `xdp` where any device is there. Empty: the node is of an older version.',
  }),
});
export type ExplainedFlow = Static<typeof ExplainedFlow>;

export const OUTCOMES = ['forward', 'redirect', 'respond', 'refuse', 'close'] as const;

export const Explanation = Output('Explanation', {
  node: NodeId('The node that says so.'),
  generation: Count('The generation that it runs.'),
  listenerId: Id('listener', 'The listener.'),
  request: Ref(ExplainedRequest),
  outcome: Words(OUTCOMES, 'What becomes of it: sent on, answered by a rule, refused; `close`: a connection is ended.'),
  status: Nullable(Type.Integer({ description: 'Of the answer that is not a target’s; else null.' })),
  location: Text('Where a redirect leads; else empty.'),
  reason: Text('As in the access log; `none`: nothing is wrong.'),
  why: Text('All of it in one sentence.'),
  ruleOrder: Text('How rules are chosen: `priority`, `fall-through` or `stay-in-host`; empty without rules.'),
  rules: Type.Array(Ref(ExplainedRule), {
    description: 'The rule that applies, and others by priority; those that come closest when there are many.',
  }),
  rulesLeftOut: Count('Rules that are not listed: none of them matches.'),
  changes: Type.Array(Type.String(), { description: 'What listener and rule change of request and answer, in words.' }),
  services: Type.Array(Ref(ExplainedShare), { description: 'What the rule chooses from; empty without a rule.' }),
  service: Nullable(Ref(ExplainedService)),
  kernel: Nullable(Ref(ExplainedFlow)),
});
export type Explanation = Static<typeof Explanation>;

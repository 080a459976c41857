import { Id, NodeId } from '../identifiers.ts';
import { BYTES_SHOWN, EXCHANGES_KEPT, TRIAL_TARGETS } from '../plan/evidence.ts';
import { Address, Input, Nullable, Output, Port, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { AskedNode } from './ended-request.ts';
import { HealthCheck, HealthCheckPatch } from './health-check.ts';

const milliseconds = (description: string) => Type.Number({ minimum: 0, description });
const bytes = (description: string) => Type.Integer({ minimum: 0, description });
const NOTATION =
  'printable ASCII as it is, other bytes as `\\r`, `\\n`, `\\t`, `\\\\` or `\\x` with two hexadecimal digits; at most ' +
  `${BYTES_SHOWN} bytes.`;

/** One probe: what was said, when, and what the verdict rests on. Times are milliseconds from its beginning. */
export const ProbeExchange = Output('ProbeExchange', {
  at: Timestamp('When it began'),
  verdict: Words(
    ['success', 'failure', 'inconclusive'],
    '`inconclusive`: the node lacked resources; counts for nothing.',
  ),
  reason: Type.String({ description: 'Empty, or why it failed.' }),
  rule: Type.String({ description: 'What the verdict rests on, as a sentence.' }),
  connection: Words(['new', 'kept'], 'A connection of its own, or one that an earlier probe had left open.'),
  connect: Nullable(milliseconds('When the connection was up, TLS included; null: never.')),
  firstByte: Nullable(milliseconds('When the first byte of an answer came; null: none did.')),
  total: milliseconds('When there was a verdict.'),
  sent: Type.String({ description: `What was sent, before encryption: ${NOTATION}` }),
  sentBytes: bytes('How many bytes were sent.'),
  received: Type.String({
    description: `What came back: ${NOTATION} Empty as well when newer answers have taken the place in memory.`,
  }),
  receivedBytes: bytes('How many bytes came back before the verdict.'),
});
export type ProbeExchange = Static<typeof ProbeExchange>;

export const TargetEvidence = Output('TargetEvidence', {
  node: NodeId('The node that probes.'),
  targetId: Id('target', 'The target.'),
  address: Address('Where it is probed.'),
  port: Port('Where it is probed.'),
  exchanges: Type.Array(Ref(ProbeExchange), { description: `The newest last; ${EXCHANGES_KEPT} at most.` }),
});
export type TargetEvidence = Static<typeof TargetEvidence>;

const shared = {
  backendServiceId: Id('backendService', 'The backend service.'),
  targets: Type.Array(Ref(TargetEvidence), { description: 'By target, then by node.' }),
  nodes: Type.Array(Ref(AskedNode), { description: 'Who was asked; what nodes saw that did not answer is missing.' }),
};

export const HealthEvidence = Output('HealthEvidence', shared);
export type HealthEvidence = Static<typeof HealthEvidence>;

export const HealthTrial = Output('HealthTrial', {
  ...shared,
  healthCheck: Ref(HealthCheck),
  passed: Type.Integer({ minimum: 0, description: 'Probes that succeeded.' }),
  failed: Type.Integer({ minimum: 0, description: 'Probes that did not.' }),
});
export type HealthTrial = Static<typeof HealthTrial>;

export const HealthTrialRequest = Input('HealthTrialRequest', {
  healthCheck: Type.Optional(Ref(HealthCheckPatch)),
  targetIds: Type.Optional(
    Type.Array(Id('target', 'A target of the service.'), {
      minItems: 1,
      maxItems: TRIAL_TARGETS,
      description: `Which targets are probed. Default: all of them, the first ${TRIAL_TARGETS} at most.`,
    }),
  ),
});
export type HealthTrialRequest = Static<typeof HealthTrialRequest>;

import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { TokenCheck } from '../../access/bearer.ts';
import type { EventHub } from '../../events/hub.ts';
import type { ControlPlaneOptions } from '../../options.ts';
import type { Vault } from '../../secrets/vault.ts';
import type { Store } from '../../store/store.ts';
import type { OperationTracker } from '../operations.ts';
import type { NodeRegistry } from '../registry.ts';
import type { AgentStream } from '../stream.ts';
import { Membership } from './membership.ts';

export interface MembershipParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly nodes: NodeRegistry;
  /** The token that nodes share. */
  readonly nodeToken: string;
  /** Of the certificate that the API shows; null: it has none. */
  readonly fingerprint: () => string | null;
  /** Of those of all control planes. */
  readonly fingerprints: () => readonly string[];
  /** What comes to be after it. */
  readonly later: () => {
    readonly stream: AgentStream;
    readonly events: EventHub;
    readonly operations: OperationTracker;
  };
  readonly logger: Logger;
}

/** The membership of a control plane: what becomes of a node is told to streams, operations and events. */
export function openMembership(options: ControlPlaneOptions, parts: MembershipParts): Membership {
  const { store, vault, nodes, nodeToken, fingerprint, fingerprints, later, logger } = parts;
  const subject = (id: string) => ({ kind: 'node', id, name: '' });
  const membership: Membership = new Membership({
    store,
    vault,
    token: new TokenCheck(nodeToken),
    sharedToken: options.sharedNodeToken,
    certificateLife: options.nodeCertificateLife,
    fingerprint,
    fingerprints,
    hasRoom: (node) => nodes.get(node) !== null || membership.identities.size < options.quotas.nodes,
    isKnown: (node) => nodes.get(node) !== null,
    zones: () => new Set(nodes.list().map(({ zone }) => zone)),
    ended: (node, reason) => later().stream.end(node, reason, membership.identities.isRevoked(node)),
    joined({ node, zone, join_token_id }) {
      logger.info({ node, joinToken: join_token_id }, 'a node has joined');
      const message = `Node ${node} has joined with ${join_token_id}.`;
      const data = { zone, joinTokenId: join_token_id };
      later().events.log.emit({ kind: 'node.joined', tenantId: null, subject: subject(node), message, data });
    },
    revoked(node) {
      logger.warn({ node }, 'a node was revoked');
      later().operations.settle();
      const message = `Node ${node} was revoked: it is none any more, and goes on with the plan that it has until it is stopped.`;
      later().events.log.emit({ kind: 'node.revoked', tenantId: null, subject: subject(node), message });
    },
    forgotten(node) {
      logger.warn({ node }, 'a node was forgotten');
      const message = `Node ${node} was forgotten: nothing is known of it any more.`;
      later().events.log.emit({ kind: 'node.forgotten', tenantId: null, subject: subject(node), message });
    },
    keysChanged: (zone) => later().stream.tellKeys(zone),
    failed: (error) => logger.error({ err: error }, 'what is known of nodes could not be written'),
    now: Date.now,
    random: Math.random,
    secret: randomBytes,
  });
  return membership;
}

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { SharedNodeToken } from '@evenkeel/model/node-limits.ts';
import type { TokenCheck } from '../../access/bearer.ts';
import { ProblemError } from '../../problem.ts';
import { isLoopback } from '../../transport/self-signed.ts';
import { certifiedNode } from './node-authority.ts';
import type { NodeIdentities } from './node-identities.ts';

/** What a stream of a node has begun with. */
export type NodeAccess =
  /** The token that nodes share: whoever has it may say that it is any node which has no certificate. */
  | { readonly kind: 'shared-token' }
  | { readonly kind: 'certificate'; readonly node: string; readonly identity: string };

export interface GateOptions {
  /** The token that nodes share. */
  readonly token: TokenCheck;
  readonly accepts: SharedNodeToken;
  readonly identities: NodeIdentities;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Who may open a stream as a node: whoever shows a certificate for it, or has the token that nodes share. */
export class NodeGate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Throws `unauthenticated`, `node-revoked` or `node-refused`, which say what to do. */
  admit(socket: Socket | TLSSocket, authorization: string | undefined): NodeAccess {
    const certificate = 'getPeerX509Certificate' in socket ? socket.getPeerX509Certificate() : undefined;
    if (certificate === undefined) return this.#admitToken(authorization, socket.remoteAddress ?? '');
    const who = certifiedNode(certificate);
    // Node has the code here, and not the error that its type says.
    const fault = String((socket as TLSSocket).authorizationError ?? '');
    const isOver = certificate.validToDate.getTime() <= this.#options.now();
    if (who === null || (!(socket as TLSSocket).authorized && fault !== 'CERT_HAS_EXPIRED')) {
      refuse(`its certificate is not one of this installation (${fault || 'it names no node'})`, '');
    }
    const { node, identityId: identity } = who;
    // One that was revoked hears of that, whatever else is wrong.
    this.check(node, identity);
    if (isOver || fault !== '') {
      refuse(`its certificate was good until ${certificate.validToDate.toISOString()}`, node);
    }
    return { kind: 'certificate', node, identity };
  }

  /** Whether a certificate is still good for its node; throws `node-revoked` or `node-refused`. */
  check(node: string, identity: string): void {
    const { identities } = this.#options;
    const row = identities.get(node);
    // Of the identity that it shows alone: a state that was restored may be from before this node has joined again.
    if (identities.wasRevoked(node, identity)) refuse('it was revoked', node, 'node-revoked');
    if (row === null) refuse('it was forgotten', node);
    if (row.identity !== identity) refuse('another node has joined under its name', node);
  }

  /** Why a stream that has begun in this way cannot be the one of that node; null: it can. */
  refusalOf(access: NodeAccess, node: string): string | null {
    const row = this.#options.identities.get(node);
    if (access.kind === 'certificate') {
      if (access.node !== node) return `the certificate is that of ${access.node}`;
      // That may have changed since the stream was let in.
      return row?.identity === access.identity && row.revoked_at === null ? null : `${node} is a node no longer`;
    }
    if (row === null) return null;
    return row.revoked_at === null ? `${node} has a certificate to come with` : `${node} was revoked`;
  }

  #admitToken(authorization: string | undefined, source: string): NodeAccess {
    const { token, accepts } = this.#options;
    token.check(authorization);
    if (accepts === 'anywhere' || isLoopback(source.replace(/^::ffff:/, ''))) return { kind: 'shared-token' };
    throw new ProblemError(
      'unauthenticated',
      `the token that nodes share is good on the control plane's own machine alone; ${remedyFor('')}, ` +
        'or start the control plane with --shared-node-token anywhere until all nodes have',
    );
  }
}

function refuse(reason: string, node: string, code: 'node-refused' | 'node-revoked' = 'node-refused'): never {
  throw new ProblemError(code, `this node is refused: ${reason}; ${remedyFor(node)}`);
}

function remedyFor(node: string): string {
  const named = node === '' ? '' : ` --node ${node}`;
  return `have it join with a new token: evenkeel node join-token create${named}`;
}

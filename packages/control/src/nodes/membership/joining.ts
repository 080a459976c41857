import { createHash } from 'node:crypto';
import { NodeId } from '@evenkeel/model/identifiers.ts';
import { NODE_ZONE } from '@evenkeel/model/node-limits.ts';
import type { CertificateMessage, JoinAnswer, JoinRequest, RenewMessage } from '@evenkeel/model/plan/membership.ts';
import type { Transaction } from 'kysely';
import type { NewAuditEntry } from '../../audit/entry.ts';
import { ProblemError, refuseField } from '../../problem.ts';
import { OneAtATime } from '../../revisions/one-at-a-time.ts';
import type { Database, NodeIdentityRow } from '../../store/schema.ts';
import type { JoinSource } from './join-entry.ts';
import type { JoinTokens } from './join-tokens.ts';
import type { NodeAuthority } from './node-authority.ts';
import type { NodeIdentities } from './node-identities.ts';
import { provenKey } from './proven-key.ts';

const NODE_ID = new RegExp((NodeId('') as { pattern?: string }).pattern!);
const ZONE = new RegExp(NODE_ZONE.pattern);
const IDENTITY_BYTES = 12;
/**
 * The part of a certificate's life before which there is no other: each costs a signature and a write. It is a small one,
 * as a node whose answer was lost asks again.
 */
const NOT_BEFORE = 0.05;
/** Of the fields of a request to join, in characters. */
const LONGEST = 512;

export interface JoiningOptions {
  readonly tokens: JoinTokens;
  readonly identities: NodeIdentities;
  /** null: there is no TLS here, by which a node could show a certificate. */
  readonly authority: () => NodeAuthority | null;
  /** By which certificates nodes know the control planes. */
  readonly fingerprints: () => readonly string[];
  /** Whether one more node may be there. */
  readonly hasRoom: (node: string) => boolean;
  /** Whether a node has come under that name, with a certificate or without. */
  readonly isKnown: (node: string) => boolean;
  /** What the audit log has of it. */
  readonly entryOf: (row: NodeIdentityRow, from: JoinSource) => NewAuditEntry;
  /** Milliseconds that a certificate is good for. */
  readonly life: number;
  readonly now: () => number;
  readonly secret: (bytes: number) => Buffer;
  /** `before`: who had the name; null: nobody. */
  readonly joined: (row: NodeIdentityRow, before: NodeIdentityRow | null) => void;
}

/** Where nodes get their certificates: the first for a join token, each later one for the one before. */
export class Joining {
  readonly #options: JoiningOptions;
  /** So that no token is used once too often, and no name given twice. */
  readonly #turns = new OneAtATime();

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  /** Rejects with a ProblemError that says why, and what to do. */
  async join(body: unknown, from: JoinSource): Promise<JoinAnswer> {
    const request = readRequest(body);
    return this.#turns.inTurn(() => this.#join(request, from));
  }

  /** For a node whose stream has begun with this identity. */
  async renew(node: string, identity: string, message: RenewMessage): Promise<CertificateMessage> {
    try {
      return await this.#turns.inTurn(() => this.#renew(node, identity, message));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return { type: 'certificate', certificate: null, reason: error.message };
    }
  }

  async #join({ token, node, zone, ...proven }: JoinRequest, from: JoinSource): Promise<JoinAnswer> {
    const { tokens, identities, fingerprints, entryOf, now, secret } = this.#options;
    const authority = this.#authority();
    const row = tokens.find(token);
    const before = identities.get(node);
    const key = this.#keyOf(node, proven);
    const joinKey = createHash('sha256').update(key).digest('base64url');
    // Its answer may have been lost: the same node with the same key is not another use.
    const again = before?.join_token_id === row.id && before.join_key === joinKey && before.revoked_at === null;
    tokens.checkGood(row, { node, zone, again });
    if (!again) this.#checkName(node, before, row.node === node);
    const identity = again ? before.identity : secret(IDENTITY_BYTES).toString('hex');
    const used = again ? row : tokens.use(row);
    const { certificate, ...times } = this.#issue(authority, { node, identityId: identity }, key);
    const joined: NodeIdentityRow = {
      ...times,
      node,
      identity,
      // It stays there until it joins anew: the keys of one zone are all that it is told.
      zone: again ? before.zone : (row.zone ?? zone),
      join_token_id: row.id,
      join_key: joinKey,
      joined_at: again ? before.joined_at : now(),
      revoked_at: null,
    };
    const countUse = async (trx: Transaction<Database>) => {
      const { id, used: count, last_used_at } = used;
      await trx.updateTable('join_token').set({ used: count, last_used_at }).where('id', '=', id).execute();
    };
    await identities.put(joined, before, countUse, again ? [] : [entryOf(joined, from)]);
    tokens.used(used);
    if (!again) this.#options.joined(joined, before);
    return { node, zone: joined.zone, certificate, fingerprints: fingerprints() };
  }

  async #renew(node: string, identity: string, message: RenewMessage): Promise<CertificateMessage> {
    const { identities, now } = this.#options;
    const before = identities.get(node);
    if (before === null || before.identity !== identity || before.revoked_at !== null) {
      throw new ProblemError('node-refused', 'this node is none any more');
    }
    const { issued_at, not_after } = before;
    if (now() < issued_at + (not_after - issued_at) * NOT_BEFORE) {
      throw new ProblemError('node-refused', 'its certificate is new; ask again later');
    }
    const key = this.#keyOf(node, message);
    const { certificate, ...times } = this.#issue(this.#authority(), { node, identityId: identity }, key);
    await identities.put({ ...before, ...times }, before, async () => {});
    return { type: 'certificate', certificate, reason: '' };
  }

  #issue(authority: NodeAuthority, who: { node: string; identityId: string }, key: Buffer) {
    const { now, life } = this.#options;
    const issued_at = now();
    const not_after = issued_at + life;
    const x509 = authority.issue(who, key, { now: issued_at, notAfter: not_after });
    return { certificate: x509.toString(), serial: x509.serialNumber.toLowerCase(), issued_at, not_after };
  }

  #authority(): NodeAuthority {
    const authority = this.#options.authority();
    if (authority !== null) return authority;
    throw new ProblemError(
      'tls-required',
      'this control plane has no TLS, by which nodes are known: start it with --api-certificate or --api-self-signed',
    );
  }

  #keyOf(node: string, proven: Pick<RenewMessage, 'publicKey' | 'proof'>): Buffer {
    return (
      provenKey(node, proven) ??
      refuseField(
        'validation-failed',
        '/publicKey',
        'is no key on P-256 that the node has signed with',
        'SPKI in base64',
      )
    );
  }

  /** A token for any node takes no name away from a node that has it. */
  #checkName(node: string, before: NodeIdentityRow | null, isForIt: boolean): void {
    const { now, hasRoom, isKnown } = this.#options;
    if (before === null && !hasRoom(node)) {
      throw new ProblemError(
        'node-refused',
        'there are as many nodes as the quota allows; forget one, or raise --quota nodes',
      );
    }
    if (isForIt) return;
    const remedy = `have a join token made for it: evenkeel node join-token create --node ${node}`;
    if (before === null) {
      if (!isKnown(node)) return;
      throw new ProblemError('node-refused', `there is a node ${node}, which comes with the shared token; ${remedy}`);
    }
    if (before.revoked_at !== null) {
      throw new ProblemError('node-refused', `the node ${node} was revoked; forget it first, or ${remedy}`);
    }
    if (before.not_after > now()) {
      const until = new Date(before.not_after).toISOString();
      throw new ProblemError('node-refused', `there is a node ${node} with a certificate until ${until}; ${remedy}`);
    }
  }
}

function readRequest(body: unknown): JoinRequest {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const text = (name: keyof JoinRequest): string => {
    const value = fields[name];
    if (typeof value === 'string' && value.length <= LONGEST) return value;
    return refuseField('validation-failed', `/${name}`, `must be a text of at most ${LONGEST} characters`);
  };
  const node = text('node');
  if (!NODE_ID.test(node)) {
    refuseField('validation-failed', '/node', 'is no name of a node', 'lower-case letters, digits, dots and hyphens');
  }
  const zone = text('zone');
  if (zone !== '' && (zone.length > NODE_ZONE.maxLength || !ZONE.test(zone))) {
    refuseField('validation-failed', '/zone', 'is no name of a zone', 'letters, digits, `_`, `-` and `.`');
  }
  return { node, token: text('token'), zone, publicKey: text('publicKey'), proof: text('proof') };
}

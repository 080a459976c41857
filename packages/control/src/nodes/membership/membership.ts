import { createIdSource } from '@evenkeel/model/identifiers.ts';
import type { SharedNodeToken } from '@evenkeel/model/node-limits.ts';
import type { TrustMessage } from '@evenkeel/model/plan/membership.ts';
import type { Transaction } from 'kysely';
import type { TokenCheck } from '../../access/bearer.ts';
import type { NewAuditEntry } from '../../audit/entry.ts';
import type { Vault } from '../../secrets/vault.ts';
import type { Database, NodeIdentityRow } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import { NodeGate } from './gate.ts';
import { joinEntry } from './join-entry.ts';
import { JoinTokens } from './join-tokens.ts';
import { Joining } from './joining.ts';
import { NodeAuthority } from './node-authority.ts';
import { NodeIdentities } from './node-identities.ts';
import { Unwritten } from './unwritten.ts';
import { ZoneKeys } from './zone-keys.ts';

/** What the key of the authority is sealed under. */
const AUTHORITY_KEY = 'node-authority/key';

export interface MembershipOptions {
  readonly store: Store;
  readonly vault: Vault;
  /** The token that nodes share, and for which of them it is good. */
  readonly token: TokenCheck;
  readonly sharedToken: SharedNodeToken;
  /** Milliseconds that the certificate of a node is good for. */
  readonly certificateLife: number;
  /** Of the certificate that the API shows; null: there is no TLS, and no node can join. */
  readonly fingerprint: () => string | null;
  /** Of the certificates of all control planes, that one first. */
  readonly fingerprints: () => readonly string[];
  /** Whether there may be one more node. */
  readonly hasRoom: (node: string) => boolean;
  /** Whether a node has come under that name, with a certificate or without. */
  readonly isKnown: (node: string) => boolean;
  /** Zones that nodes are in. */
  readonly zones: () => ReadonlySet<string>;
  /** A node is none any more, or another by the same name: its stream ends. */
  readonly ended: (node: string, reason: string) => void;
  readonly joined: (row: NodeIdentityRow) => void;
  readonly revoked: (node: string) => void;
  readonly forgotten: (node: string) => void;
  /** The keys of a zone are others. */
  readonly keysChanged: (zone: string) => void;
  readonly failed: (error: unknown) => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly secret: (bytes: number) => Buffer;
}

/** Which nodes belong to the installation: how they join, what they are known by, and how they cease to be nodes. */
export class Membership {
  readonly tokens: JoinTokens;
  readonly identities: NodeIdentities;
  readonly joining: Joining;
  readonly gate: NodeGate;
  readonly zoneKeys: ZoneKeys;
  /** What is in force here before it is on the disk. */
  readonly unwritten: Unwritten;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly #options: MembershipOptions;
  #authority: NodeAuthority | null = null;

  constructor(options: MembershipOptions) {
    const { store, vault, now, random, secret, joined, ended, keysChanged, failed, hasRoom, isKnown, zones } = options;
    this.#options = options;
    this.now = now;
    const unwritten = new Unwritten(store);
    this.unwritten = unwritten;
    this.tokens = new JoinTokens({ store, unwritten, ids: createIdSource(now, random), now, secret });
    this.identities = new NodeIdentities({ store, unwritten, now });
    this.gate = new NodeGate({
      token: options.token,
      accepts: options.sharedToken,
      identities: this.identities,
      now,
    });
    this.zoneKeys = new ZoneKeys({ unwritten, zones, vault, now, secret, changed: keysChanged, failed });
    this.joining = new Joining({
      tokens: this.tokens,
      identities: this.identities,
      authority: () => this.#authority,
      fingerprints: options.fingerprints,
      hasRoom,
      isKnown,
      entryOf: (row, from) => joinEntry(row, from, { at: now(), generation: store.state.generation }),
      life: options.certificateLife,
      now,
      secret,
      joined: (row, before) => {
        ended(row.node, 'another node has joined under this name');
        // The one before knows them. Of one that was revoked they are others already.
        if (before !== null && before.revoked_at === null) {
          this.zoneKeys.replace(before.zone);
          unwritten.save().catch(failed);
        }
        joined(row);
      },
    });
  }

  /** Of the authority of nodes, as PEM; null: there is none. */
  get authorityCertificate(): string | null {
    return this.#authority?.certificate ?? null;
  }

  /** Reads what is kept. */
  async load(): Promise<void> {
    const { store, vault } = this.#options;
    const kept = await store.read(async (db) => ({
      authority: await db.selectFrom('node_authority').selectAll().executeTakeFirst(),
      tokens: await db.selectFrom('join_token').selectAll().execute(),
      identities: await db.selectFrom('node_identity').selectAll().execute(),
      revoked: await db.selectFrom('revoked_identity').selectAll().execute(),
      keys: await db.selectFrom('zone_key').selectAll().execute(),
    }));
    this.unwritten.clear();
    this.tokens.reset(kept.tokens);
    this.identities.reset(kept.identities, kept.revoked);
    this.zoneKeys.reset(kept.keys);
    if (kept.authority === undefined) return;
    const { certificate, private_key } = kept.authority;
    this.#authority = new NodeAuthority(certificate, vault.open(AUTHORITY_KEY, private_key));
  }

  /** Makes the authority where nodes can come with certificates and there is none yet; for one that leads. */
  async ensureAuthority(): Promise<void> {
    const { store, vault, fingerprint, now } = this.#options;
    if (this.#authority !== null || fingerprint() === null) return;
    const { certificate, key } = NodeAuthority.create(now());
    const row = { id: 1, certificate, private_key: vault.seal(AUTHORITY_KEY, key), created_at: now() };
    await store.record(async (trx) => {
      await trx.insertInto('node_authority').values(row).execute();
    });
    this.#authority = new NodeAuthority(certificate, key);
  }

  /** What a node that has a certificate is told about those of control planes; null: nothing. */
  trust(): Required<TrustMessage> | null {
    const fingerprint = this.#options.fingerprint();
    return fingerprint === null ? null : { type: 'trust', fingerprint, fingerprints: this.#options.fingerprints() };
  }

  /**
   * Ends a node's membership, at once. Resolves when that is on the disk; where it rejects, it is tried again, and whoever
   * asks again has it tried as well.
   */
  async revoke(node: string, audit: () => NewAuditEntry): Promise<void> {
    const { ended, revoked } = this.#options;
    if (!this.identities.isRevoked(node)) {
      const before = this.identities.get(node);
      this.identities.revoke(node, audit(), () => revoked(node));
      ended(node, 'this node was revoked');
      this.#replaceKeysOf(before);
    }
    await this.unwritten.save();
  }

  /** Nothing is known of a node any more; `also` is for the same transaction. */
  async forget(node: string, also: (trx: Transaction<Database>) => Promise<void>, audit: NewAuditEntry): Promise<void> {
    const before = this.identities.get(node);
    await this.identities.forget(node, also, audit);
    this.#options.ended(node, 'this node was forgotten');
    this.#options.forgotten(node);
    if (before?.revoked_at != null) return;
    this.#replaceKeysOf(before);
    await this.unwritten.save();
  }

  /** What the node knows of keys is good for nothing. With the token that nodes share it may have named any zone. */
  #replaceKeysOf(identity: NodeIdentityRow | null): void {
    if (identity === null) this.zoneKeys.replaceAll();
    else this.zoneKeys.replace(identity.zone);
  }
}

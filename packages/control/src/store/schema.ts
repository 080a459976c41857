import type { AuditOutcome } from '@evenkeel/model/history-words.ts';

/**
 * The tables. Identity, references and what must be unique are columns, so that the database guarantees them too; the
 * other fields of a resource are one JSON document, so that a new field needs no migration. Times are Unix milliseconds.
 */
export interface Database {
  state: { id: number; generation: number };
  address_pool: { name: string; last: number };
  tenant: Resource;
  /** `user` is a word of SQL. */
  user_account: Owned & { password: string | null; password_changed_at: number | null };
  /** `hash` is all that is kept of the token itself. */
  access_token: Owned & { user_id: string; hash: string };
  access_policy: Owned;
  /** `secret` is sealed. */
  access_key: Owned & { user_id: string; secret: string };
  /** Logins. `hash` is all that is kept of what the browser has. */
  session: SessionRow;
  load_balancer: Owned & { vip: string; elastic_ip_id: string | null };
  listener: Resource & {
    load_balancer_id: string;
    /** Negative for UDP alone. */
    port: number;
    backend_service_id: string | null;
    rule_group_id: string | null;
  };
  backend_service: Resource & {
    load_balancer_id: string;
    target_group_id: string | null;
    stickiness_keys: string | null;
  };
  target_group: Resource & { load_balancer_id: string };
  /** `port` 0: the port of the service. */
  target: Resource & { target_group_id: string; address: string; port: number };
  rule_group: Resource & { load_balancer_id: string };
  /** `jwt_secrets` is sealed; null: there are none. */
  rule: Resource & { rule_group_id: string; jwt_secrets: string | null };
  elastic_ip: Owned & { address: string };
  /** `private_key` is sealed; see secrets/vault.ts. */
  certificate: Owned & { private_key: string };
  authority: Owned;
  /** What the control plane before has left of signatures of writes; one row, or none, of JSON. */
  signature_term: { id: number; term: string };
  /** Up to when signatures of writes may have been used; see access/signature-bounds.ts. */
  signature_bound: { name: string; until: number };
  /** One row, or none: when backups are made by themselves, as JSON. */
  backup_policy: { id: number; rules: string };
  /** The last notice of the end of a certificate or an authority. */
  certificate_notice: { subject_id: string; not_after: string; days: number };
  security_policy: Owned;
  security_group: Owned;
  vpc: Owned;
  specification: Resource;
  subnet: Owned & { vpc_id: string };
  /** `entries` are packed, in base64; see block-list/. */
  block_list_change: { version: number; nonce: string; tenant_id: string; reason: string; entries: string };
  /** One row, or none. `keys` is JSON of sealed texts. */
  ticket_keys: { id: number; keys: string; rotated_at: number };
  operation: OperationRow;
  audit_entry: AuditRow;
  event: EventRow;
  /** `secret` is sealed. */
  webhook: Owned & { secret: string };
  region: Resource;
  zone: Resource;
  /** By name: nodes that are taken out of use. */
  node_duty: Resource;
  /** One row, or none; see placement/placement.ts. */
  placement: { id: number; document: string };
  /** One row, or none; see traffic/watched-traffic.ts. */
  watched_traffic: { id: number; document: string };
  webhook_delivery: DeliveryRow;
  webhook_failing: { webhook_id: string; since: number; attempts: number };
  revision: RevisionRow;
  change_set: ChangeSetRow;
  idempotency: { actor: string; key: string; fingerprint: string; at: number; answer: string };
  node: NodeRow;
  join_token: JoinTokenRow;
  node_identity: NodeIdentityRow;
  revoked_identity: RevokedIdentityRow;
  /** One row, or none: who signs the certificates of nodes. `certificate` is PEM, `private_key` is sealed. */
  node_authority: { id: number; certificate: string; private_key: string; created_at: number };
  zone_key: ZoneKeyRow;
  /**
   * One row, or none: the control plane that leads, where several use one database. `epoch` counts the leaders;
   * `fingerprint` is that of the certificate at `address`, null without TLS.
   */
  leadership: { id: number; epoch: number; address: string; fingerprint: string | null; since: number };
  /** Control planes that share the database; what they say of themselves. */
  control_plane: ControlPlaneRow;
  /** By transaction: what came after what, and JSON of what changed; null: too much to tell. */
  change_feed: { generation: number; previous: number; changes: string | null };
}

interface Resource {
  id: string;
  name: string;
  settings: string;
  generation: number;
  created_at: number;
  updated_at: number;
}

/** Of a tenant; its name is unique there. */
type Owned = Resource & { tenant_id: string };

export interface ControlPlaneRow {
  /** URL of its API. */
  address: string;
  /** Of the certificate that it shows there, in hexadecimal with colons; empty: there is no TLS. */
  fingerprint: string;
  /** Of the one that it will show next; null: that is not known yet. */
  next_fingerprint: string | null;
  /** Version of the software. */
  software: string;
  seen_at: number;
}

export interface SessionRow {
  id: string;
  tenant_id: string;
  user_id: string;
  hash: string;
  /** The generation of the user then: a change of the user ends it. */
  user_generation: number;
  source: string;
  user_agent: string;
  created_at: number;
  last_seen_at: number;
}

export interface OperationRow {
  id: string;
  tenant_id: string;
  generation: number;
  action: string;
  /** JSON of ResourceRef[]. */
  resources: string;
  /** JSON of identifiers: the listeners whose running the operation decides. */
  listeners: string;
  created_at: number;
  outcome: 'applied' | 'refused' | 'cancelled' | null;
  settled_at: number | null;
  /** The operation that has taken it back. */
  cancelled_by: string | null;
  /** JSON of Refused[]; null: there are none, or it is not settled. */
  refused: string | null;
  /** JSON of the names of nodes; null: there are none, or it is not settled. */
  left_out: string | null;
}

/** See audit/entry.ts. */
export interface AuditRow {
  /** In order of time, which it begins with. */
  id: string;
  /** Empty: it was not recorded. */
  tenant_id: string;
  at: number;
  actor: string;
  action: string;
  outcome: AuditOutcome;
  resource_kind: string | null;
  resource_id: string | null;
  operation_id: string | null;
  /** Entries of the tenant up to this one, and their characters, since there are any. */
  place: number;
  total: number;
  details: string;
  before: string | null;
  after: string | null;
}

/** See events/event.ts. */
export interface EventRow {
  /** In order of time, which it begins with. */
  id: string;
  /** Empty: it is about the installation. */
  tenant_id: string;
  at: number;
  kind: string;
  severity: string;
  subject_kind: string;
  subject_id: string;
  load_balancer_id: string | null;
  /** Events of the tenant and severity up to this one, since there are any. */
  place: number;
  body: string;
}

/** An event on its way to a webhook; see webhooks/outbox.ts. */
export interface DeliveryRow {
  id: string;
  webhook_id: string;
  tenant_id: string;
  event_id: string;
  kind: string;
  state: 'waiting' | 'delivered' | 'given-up';
  attempts: number;
  created_at: number;
  next_at: number;
  settled_at: number | null;
  status: number | null;
  error: string;
  /** Empty when it is settled. */
  body: string;
}

export interface NodeRow {
  id: string;
  zone: string;
  software: string;
  reactor: string;
  workers: number;
  applied_generation: number;
  first_seen_at: number;
  last_seen_at: number;
  /** JSON of what it says of itself and its machine; null: it was written before that was kept. */
  machine: string | null;
}

/** See nodes/membership. `hash` is all that is kept of the token itself. */
export interface JoinTokenRow {
  id: string;
  hash: string;
  zone: string | null;
  node: string | null;
  uses: number;
  used: number;
  description: string;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
  last_used_at: number | null;
}

/** An identity that was revoked, and is that of no node any more. */
export interface RevokedIdentityRow {
  identity: string;
  node: string;
  revoked_at: number;
  /** When no certificate of it can be good any more. */
  until: number;
}

/** A node that has joined, or was revoked: then `identity` may be empty, for one that had no certificate. */
export interface NodeIdentityRow {
  node: string;
  /** Which of its memberships: one that joins anew is another. */
  identity: string;
  /** That it has joined in; empty: none. */
  zone: string;
  join_token_id: string;
  /** SHA-256 of the key that it has joined with. */
  join_key: string;
  /** Of its newest certificate, and when that was issued and ends. */
  serial: string;
  issued_at: number;
  not_after: number;
  joined_at: number;
  revoked_at: number | null;
}

/** `secret` is sealed. */
export interface ZoneKeyRow {
  zone: string;
  id: string;
  secret: string;
  made_at: number;
}

export interface RevisionRow {
  generation: number;
  tenant_id: string;
  at: number;
  actor: string;
  action: string;
  request_id: string;
  operation_id: string;
  /** Characters of `changes` and `undo`. */
  size: number;
  /** JSON: how many objects were created, updated, deleted. */
  summary: string;
  /** JSON of ResourceRef[]: the first of them. */
  resources: string;
  /** JSON of ObjectChange[]: the first of them, for people. */
  changes: string;
  /** JSON: what each object was before; see journal.ts. */
  undo: string;
}

export interface ChangeSetRow {
  id: string;
  tenant_id: string;
  description: string;
  actor: string;
  /** That the plan was made on. */
  generation: number;
  /** What it consists of, sealed; empty when it is applied. */
  content: string;
  /** JSON: the identifiers that what it creates will have, in order. */
  ids: string;
  fingerprint: string;
  /** JSON: how many objects it creates, updates, deletes. */
  summary: string;
  /** JSON: the same, changes and impact. */
  plan: string;
  /** JSON of the answer to its application; null: it is not applied. */
  answer: string | null;
  created_at: number;
  updated_at: number;
  expires_at: number;
}

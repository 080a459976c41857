/** How a node becomes one, shows that it is, and stays it: what it says to the control plane about that, and what it is told. */

/**
 * The version of what both sides say on the stream. It grows when an older side could not go on with what a newer one
 * says. A node of the version before, or of the next, is served; nodes that do not say theirs speak the first.
 */
export const STREAM_VERSION = 2;
export const FIRST_STREAM_VERSION = 1;

/** The code of the close frame by which a node learns that it was revoked (RFC 6455 §7.4.2: 4000–4999 are private). */
export const REVOKED_CLOSE = 4410;

/** Where a node exchanges a join token for a certificate: `POST` with a JoinRequest, answered with a JoinAnswer. */
export const JOIN_PATH = '/agent/v1/join';

export interface JoinRequest {
  readonly token: string;
  readonly node: string;
  /** That the node says; empty: the one that the token is for, or none. */
  readonly zone: string;
  /** Of a key on P-256 that the node has made and keeps: SubjectPublicKeyInfo as DER in base64. */
  readonly publicKey: string;
  /** Shows that the node has the private key: its signature (ECDSA with SHA-256, DER in base64) of `proofText`. */
  readonly proof: string;
}

export interface JoinAnswer {
  readonly node: string;
  /** The zone that the node is in until it joins anew; empty: none. */
  readonly zone: string;
  /** PEM. */
  readonly certificate: string;
}

/** What a node signs with a key that it wants a certificate for. */
export function proofText(node: string, publicKey: string): string {
  return `evenkeel node key\n${node}\n${publicKey}`;
}

/** Prefix of join tokens; what is behind the dot is the SHA-256 of the API's certificate in base64url. */
export const JOIN_TOKEN_PREFIX = 'ekjoin';

/** Whether a text has the form of a join token: whether it is good is for the control plane to say. */
export function isJoinToken(text: string): boolean {
  return /^ekjoin_[\w-]{43}(\.[\w-]{43})?$/.test(text);
}

/** The fingerprint that a join token names, in hexadecimal; null: it names none, or is no join token. */
export function fingerprintInToken(token: string): string | null {
  const digest = /^ekjoin_[\w-]{43}\.([\w-]{43})$/.exec(token)?.[1];
  return digest === undefined ? null : Buffer.from(digest, 'base64url').toString('hex');
}

/** What a node says in `hello` of the machine that it runs on. */
export interface NodeCapacity {
  /** CPUs that it may use, bytes of memory, descriptors that its process may have. */
  readonly cpus: number;
  readonly memory: number;
  readonly descriptors: number;
}

/** Asks for a certificate of a new key, in place of the one that the stream began with. */
export interface RenewMessage extends Pick<JoinRequest, 'publicKey' | 'proof'> {
  readonly type: 'renew';
}

/** The answer to that: the certificate as PEM, or why there is none. */
export interface CertificateMessage {
  readonly type: 'certificate';
  readonly certificate: string | null;
  readonly reason: string;
}

/** By which certificate the API is known from now on. */
export interface TrustMessage {
  readonly type: 'trust';
  /** SHA-256 in hexadecimal with colons. */
  readonly fingerprint: string;
}

/** A key by which the nodes of a zone know each other. */
export interface ZoneKey {
  readonly id: string;
  /** 32 bytes in base64. */
  readonly secret: string;
}

/** The keys of a node's zone: the first is for what begins now, all are accepted. */
export interface ZoneKeysMessage {
  readonly type: 'zone-keys';
  readonly keys: readonly ZoneKey[];
}

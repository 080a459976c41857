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
  /** As in TrustMessage. */
  readonly fingerprints?: readonly string[];
}

/** What a node signs with a key that it wants a certificate for. */
export function proofText(node: string, publicKey: string): string {
  return `evenkeel node key\n${node}\n${publicKey}`;
}

/** Prefix of join tokens; behind each dot is the SHA-256 of a certificate that an API shows, in base64url. */
export const JOIN_TOKEN_PREFIX = 'ekjoin';
/** Certificates that a join token names, at most. */
export const MOST_IN_TOKEN = 8;
/** Certificates that a node knows control planes by, at most. */
export const MOST_CERTIFICATES = 32;
/** How the SHA-256 of a certificate is written in messages. */
export const FINGERPRINT = /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/;

const JOIN_TOKEN = /^ekjoin_[\w-]{43}((?:\.[\w-]{43}){0,8})$/;

/** Whether a text has the form of a join token: whether it is good is for the control plane to say. */
export function isJoinToken(text: string): boolean {
  return JOIN_TOKEN.test(text);
}

/** The fingerprints that a join token names, in hexadecimal with colons; empty: it names none, or is no join token. */
export function fingerprintsInToken(token: string): string[] {
  const [, ...digests] = JOIN_TOKEN.exec(token)?.[1]?.split('.') ?? [];
  return digests.map((digest) => {
    const digits = Buffer.from(digest, 'base64url').toString('hex').toUpperCase();
    return digits.match(/../g)!.join(':');
  });
}

/**
 * The same token with one certificate at most, which is what it is known by: agents of the version before take no more, so
 * the others may be left out.
 */
export function shortJoinToken(token: string): string {
  return token.split('.', 2).join('.');
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

/** By which certificates the control planes are known from now on: SHA-256 in hexadecimal with colons. */
export interface TrustMessage {
  readonly type: 'trust';
  /** Of the one that says it. Nodes of the version before know that one alone. */
  readonly fingerprint: string;
  /** Of all of them, also of certificates that are yet to be shown; that one is the first. Absent: there is no other. */
  readonly fingerprints?: readonly string[];
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

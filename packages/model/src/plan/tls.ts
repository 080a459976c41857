/** How TLS is spoken with clients and with targets, as plans carry it. */

export const TLS_VERSIONS = ['1.2', '1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** Entry `certificate/<id>`: what a listener shows its clients. The key is a secret: it is in no log and in no answer. */
export interface PlannedCertificate {
  readonly id: string;
  /** PEM, the server's own certificate first. */
  readonly chain: string;
  /** PEM, unencrypted. */
  readonly privateKey: string;
  /** The names that the certificate is for, in lower case: exact, or with `*` as the first label. */
  readonly names: readonly string[];
  readonly keyType: 'rsa' | 'ecdsa';
  /** A DER-encoded OCSP response in base64 to be stapled; null: none. */
  readonly ocspResponse: string | null;
  /** When that response runs out, in Unix milliseconds: nobody gets it from then on. Absent: never, as far as is known. */
  readonly stapledUntil?: number;
}

/** Entry `authority/<id>`: certificates that clients or targets are judged by. */
export interface PlannedAuthority {
  readonly id: string;
  /** PEM, one certificate or several. */
  readonly certificates: string;
  /** PEM lists of what has been revoked; empty: not checked. */
  readonly revocationLists: string;
}

/** Entry `ticket-keys/current`: shared by all nodes, so that a session that began on one is resumed on another. */
export interface PlannedTicketKeys {
  readonly id: 'current';
  /** Base64 of 80 bytes each (name 16, HMAC 32, AES-256 32). The first makes tickets, all are accepted. */
  readonly keys: readonly string[];
}

/** The TLS side of a listener of protocol `https` or `tls`. */
export interface PlannedTls {
  /** Shown when no name fits: at most two, of different key types. */
  readonly defaultCertificates: readonly string[];
  /** Chosen by SNI: exact, then longest wildcard. A name may have one certificate per key type. */
  readonly certificates: readonly { readonly name: string; readonly certificateId: string }[];
  readonly versions: readonly TlsVersion[];
  /** OpenSSL names for TLS 1.2, in order of preference. */
  readonly ciphers: readonly string[];
  /** OpenSSL names for TLS 1.3. */
  readonly ciphersuites: readonly string[];
  readonly sessionTickets: boolean;
  readonly clientCertificates: PlannedClientCertificates | null;
}

export interface PlannedClientCertificates {
  readonly mode: 'required' | 'optional';
  readonly authorityId: string;
  /** Intermediate certificates between the client's and the authority's, at most. */
  readonly depth: number;
}

/** TLS to the targets of a service. */
export interface PlannedTargetTls {
  /** What the target's certificate is judged by; null: it is not verified. */
  readonly authorityId: string | null;
  /** The name that the certificate must be for, and that is sent as SNI; empty: the request's host. */
  readonly serverName: string;
  readonly versions: readonly TlsVersion[];
}

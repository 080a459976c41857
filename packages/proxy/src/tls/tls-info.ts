/** What a TLS handshake has settled; it does not change while the connection lives. */
export interface TlsInfo {
  readonly version: TlsVersionName;
  /** OpenSSL's name of the cipher suite, such as TLS_AES_256_GCM_SHA384. */
  readonly cipher: string;
  /** The name that the client asked for (or that we asked a target for), in lower case; empty: none. */
  readonly serverName: string;
  /** The application protocol that was agreed on (ALPN); empty: none. */
  readonly protocol: string;
  /** Taken up from an earlier session, without certificates. */
  readonly resumed: boolean;
  /** What a client has shown; null when it showed none. Always null for targets. */
  readonly clientCertificate: PeerCertificate | null;
}

export type TlsVersionName = 'TLSv1.2' | 'TLSv1.3';

/** A certificate that a peer has shown and that was found good. */
export interface PeerCertificate {
  /** Distinguished names as RFC 4514 writes them, such as `CN=alice,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal, in upper case. */
  readonly serialNumber: string;
  /** SHA-256 of the certificate: hexadecimal, in lower case. */
  readonly fingerprint: string;
  /** `ok`, or why it was not found good. */
  readonly verifyResult: string;
  readonly der: Uint8Array;
}

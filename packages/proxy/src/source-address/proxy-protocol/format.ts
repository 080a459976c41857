/**
 * The PROXY protocol, as HAProxy's `doc/proxy-protocol.txt` has it (revision of 2020-03-05): one header at the beginning
 * of a connection, in text (version 1) or binary (version 2), that says between whom the connection really is.
 */

/** Longest header of version 1, CRLF included. */
export const V1_MOST = 107;

/** First bytes of version 2; chosen to be no beginning of any other protocol. */
export const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);

/** Signature, version and command, family, and the length of the rest. */
export const V2_FIXED = 16;

/** Longest header of version 2 that is taken: its length field could say 64 KiB, and nobody has that much to say. */
export const V2_MOST = 4096;

export const Command = { local: 0x20, proxy: 0x21 } as const;

/** Address family and transport in one byte. */
export const Family = { unspecified: 0x00, tcp4: 0x11, udp4: 0x12, tcp6: 0x21, udp6: 0x22, unixStream: 0x31 } as const;

/** Types of TLVs that are read or written here. */
export const Tlv = { alpn: 0x01, authority: 0x02, crc32c: 0x03, tls: 0x20 } as const;

/** Within the TLV of TLS. */
export const TlsTlv = { version: 0x21, commonName: 0x22, cipher: 0x23 } as const;

/** Bits of the client field of the TLV of TLS. */
export const TlsClient = { tls: 0x01, certificateOfConnection: 0x02, certificateOfSession: 0x04 } as const;

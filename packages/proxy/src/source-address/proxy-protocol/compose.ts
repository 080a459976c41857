import type { PeerCertificate } from '../../tls/tls-info.ts';
import { IpAddress } from '../ip-address.ts';
import { Command, Family, TlsClient, TlsTlv, Tlv, V2_FIXED, V2_SIGNATURE } from './format.ts';

/** Between whom a connection is. */
export interface ConnectionEnds {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Address and port that the client asked for. */
  readonly localAddress: string;
  readonly localPort: number;
}

/** What a target is told of the TLS that the client speaks with the proxy; empty texts are left out. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  /** The name that the client asked for (SNI). */
  readonly serverName: string;
  /** The protocol that was agreed on (ALPN). */
  readonly protocol: string;
  /** The client has shown a certificate, which was verified. */
  readonly clientCertificate: boolean;
  /** Common name of its subject. */
  readonly commonName: string;
  /** It has shown it on an earlier connection, of which it has taken up the session. */
  readonly resumed: boolean;
  /** How long its handshake took; absent when nobody has looked. */
  readonly handshakeMilliseconds?: number;
  /** What it says; absent when there is none. */
  readonly certificate?: PeerCertificate;
}

/** Longest text that goes into one TLV, in bytes: longer ones are left out, as part of a name is another name. */
const MOST_TEXT = 255;

/** Longest header that is composed here: what a place for it needs. */
export const COMPOSED_MOST = 1600;

/** The header of version 1, without TLVs; `UNKNOWN` when an end has no address. */
export function composeV1(ends: ConnectionEnds): Uint8Array {
  const { source, destination } = addressesOf(ends);
  if (source.family === 0 || destination.family === 0) return Buffer.from('PROXY UNKNOWN\r\n');
  const six = source.family === 6 || destination.family === 6;
  const text = (address: IpAddress): string => (six && address.family === 4 ? `::ffff:${address}` : `${address}`);
  return Buffer.from(
    `PROXY TCP${six ? 6 : 4} ${text(source)} ${text(destination)} ${ends.remotePort} ${ends.localPort}\r\n`,
    'latin1',
  );
}

/**
 * The header of version 2; `LOCAL` when an end has no address. `tls`: null for a plain connection. `isDatagram`: of UDP,
 * where it goes in front of each datagram.
 */
export function composeV2(ends: ConnectionEnds, tls: TlsFacts | null, isDatagram = false): Uint8Array {
  const { source, destination } = addressesOf(ends);
  if (source.family === 0 || destination.family === 0) return LOCAL_V2;
  const size = source.family === 6 || destination.family === 6 ? 16 : 4;
  const tlvs = tls === null ? NOTHING : tlvsOf(tls);
  const header = new Uint8Array(V2_FIXED + 2 * size + 4 + tlvs.length);
  const view = new DataView(header.buffer);
  header.set(V2_SIGNATURE);
  header[12] = Command.proxy;
  if (isDatagram) header[13] = size === 4 ? Family.udp4 : Family.udp6;
  else header[13] = size === 4 ? Family.tcp4 : Family.tcp6;
  view.setUint16(14, header.length - V2_FIXED);
  source.put(header, V2_FIXED, size);
  destination.put(header, V2_FIXED + size, size);
  const ports = V2_FIXED + 2 * size;
  view.setUint16(ports, ends.remotePort);
  view.setUint16(ports + 2, ends.localPort);
  header.set(tlvs, ports + 4);
  return header;
}

/** Says that nobody is spoken for, as in a health check. */
export const LOCAL_V1: Uint8Array = Buffer.from('PROXY UNKNOWN\r\n');
export const LOCAL_V2: Uint8Array = Uint8Array.of(...V2_SIGNATURE, Command.local, Family.unspecified, 0, 0);

const NOTHING = new Uint8Array(0);

function addressesOf(ends: ConnectionEnds): { source: IpAddress; destination: IpAddress } {
  const source = new IpAddress();
  const destination = new IpAddress();
  source.parseText(ends.remoteAddress);
  destination.parseText(ends.localAddress);
  return { source, destination };
}

function tlvsOf(tls: TlsFacts): Uint8Array {
  const shown = tls.resumed ? TlsClient.certificateOfSession : TlsClient.certificateOfConnection;
  const flags = TlsClient.tls | (tls.clientCertificate ? shown | TlsClient.certificateOfSession : 0);
  // `verify` is 0 for a certificate that was verified and for nothing else: some targets look at it alone.
  const about = Uint8Array.of(flags, 0, 0, 0, tls.clientCertificate ? 0 : 1);
  return Buffer.concat([
    tlv(Tlv.alpn, tls.protocol),
    tlv(Tlv.authority, tls.serverName),
    tlv(
      Tlv.tls,
      Buffer.concat([
        about,
        tlv(TlsTlv.version, tls.version),
        tlv(TlsTlv.cipher, tls.cipher),
        tlv(TlsTlv.commonName, tls.commonName),
      ]),
    ),
  ]);
}

function tlv(type: number, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  if (typeof value === 'string' && (bytes.length === 0 || bytes.length > MOST_TEXT)) return NOTHING;
  return Buffer.concat([Uint8Array.of(type, bytes.length >> 8, bytes.length & 255), bytes]);
}

import { type AsciiSegment, asciiJson, asciiSegment } from './ascii-segment.ts';
import type { LineWriter } from './line-writer.ts';
import type { LoggedConnection } from './logged-connection.ts';

/** The two ends of a client's connection, and what the log says of them. */
export interface ClientEnds {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  /** Who speaks for the client; the client itself as a rule. */
  readonly senderAddress: string;
  readonly senderPort: number;
  /** null: not encrypted. */
  readonly tls: {
    readonly version: string;
    readonly cipher: string;
    readonly serverName: string;
    readonly handshakeMilliseconds?: number;
  } | null;
}

/** A client's connection that requests come on. */
export interface LoggedEnds extends ClientEnds {
  /** What the log knows of it. */
  readonly logged: LoggedConnection;
}

/** What the log says of a client's connection beside its ends. */
export interface ConnectionFacts {
  /** Its number. */
  readonly connection: number;
  /** In microseconds; -1: not known. */
  readonly roundTrip: number;
}

/** The most bytes of a name that a client has asked for: RFC 6066 knows no longer ones. */
const MOST_NAME = 255;

const VIP = asciiSegment(',"vip":"');
const CLIENT_IP = asciiSegment('","client_ip":"');
const CLIENT_PORT = asciiSegment('","client_port":');
const CONNECTION = asciiSegment(',"connection":');
const ROUND_TRIP = asciiSegment(',"rtt_us":');
const TARGET = asciiSegment(',"target":"');

/** Writes the ends, up to the value of the target. */
export function writeEnds(out: LineWriter, ends: ClientEnds, facts: ConnectionFacts): void {
  if (ends.tls !== null || !isOwnSender(ends)) {
    out.segment(endsSegment(ends, facts));
    return;
  }
  out.segment(VIP);
  out.plain(ends.localAddress);
  out.segment(CLIENT_IP);
  out.plain(ends.remoteAddress);
  out.segment(CLIENT_PORT);
  out.integer(ends.remotePort);
  out.segment(CONNECTION);
  out.integer(facts.connection);
  if (facts.roundTrip >= 0) {
    out.segment(ROUND_TRIP);
    out.integer(facts.roundTrip);
  }
  out.segment(TARGET);
}

/** What `writeEnds` writes, ready to be written again. */
export function endsSegment(ends: ClientEnds, { connection, roundTrip }: ConnectionFacts): AsciiSegment {
  const { localAddress, remoteAddress, remotePort, senderAddress, senderPort, tls } = ends;
  const parts = [`,"vip":"${localAddress}","client_ip":"${remoteAddress}","client_port":${remotePort}`];
  parts.push(`"connection":${connection}`);
  if (roundTrip >= 0) parts.push(`"rtt_us":${roundTrip}`);
  if (!isOwnSender(ends)) {
    const address = senderAddress.includes(':') ? `[${senderAddress}]` : senderAddress;
    parts.push(`"sender":"${address}:${senderPort}"`);
  }
  if (tls !== null) {
    parts.push(`"ssl_protocol":${asciiJson(tls.version)}`, `"ssl_cipher":${asciiJson(tls.cipher)}`);
    const { handshakeMilliseconds: took } = tls;
    if (took !== undefined) parts.push(`"ssl_handshake_ms":${Math.round(took * 1_000) / 1_000}`);
    parts.push(`"server_name":${asciiJson(tls.serverName.slice(0, MOST_NAME))}`);
  }
  return asciiSegment(`${parts.join(',')},"target":"`);
}

function isOwnSender(ends: ClientEnds): boolean {
  return ends.senderPort === ends.remotePort && ends.senderAddress === ends.remoteAddress;
}

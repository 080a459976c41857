import { parseIPv4, parseIPv6 } from '@evenkeel/model/address.ts';
import { internetChecksum, pseudoHeader } from './checksum.ts';

const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd } as const;
const PROTOCOL = { icmp: 1, ipip: 4, tcp: 6, udp: 17, ipv6: 41, icmpv6: 58 } as const;
const TCP_FLAGS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 };

export interface IpOptions {
  readonly hopLimit?: number;
  /** IPv4: flags and fragment offset, 0x4000 (don't fragment) unless told. */
  readonly fragment?: number;
  /** IPv4: option bytes, a multiple of 4. */
  readonly options?: Buffer;
  /** Protocol or next header in place of the right one. */
  readonly protocol?: number;
  /** IPv6. */
  readonly flowLabel?: number;
}

export interface TcpOptions {
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly window?: number;
}

interface Ip {
  readonly kind: 'ip';
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly options: IpOptions;
}
type Layer =
  | Ip
  | { readonly kind: 'tcp'; readonly ports: Buffer; readonly flags: number; readonly options: TcpOptions }
  | { readonly kind: 'udp'; readonly ports: Buffer; readonly checksum: boolean }
  | { readonly kind: 'icmp'; readonly type: number; readonly code: number; readonly rest: number };

/**
 * A packet, from the outside in; lengths and checksums are computed when it is built. Two frames that are built from what
 * they should be and compared byte by byte are so compared with all their checksums.
 *
 * @example packet().ip('198.51.100.7', '203.0.113.1').tcp(40000, 443, 'S').frame()
 */
export class Packet {
  #ethernet = { to: '00:00:00:00:00:00', from: '02:00:00:00:00:01' };
  readonly #layers: Layer[] = [];
  #payload = Buffer.alloc(0);

  ethernet(to: string, from: string): this {
    this.#ethernet = { to, from };
    return this;
  }

  ip(source: string, destination: string, options: IpOptions = {}): this {
    this.#layers.push({ kind: 'ip', source: onTheWire(source), destination: onTheWire(destination), options });
    return this;
  }

  /** Flags by letters, as tcpdump shows them: S, A, F, R, P. */
  tcp(from: number, to: number, flags = 'A', options: TcpOptions = {}): this {
    const bits = [...flags].reduce((sum, letter) => sum | TCP_FLAGS[letter]!, 0);
    this.#layers.push({ kind: 'tcp', ports: portPair(from, to), flags: bits, options });
    return this;
  }

  udp(from: number, to: number, { checksum = true } = {}): this {
    this.#layers.push({ kind: 'udp', ports: portPair(from, to), checksum });
    return this;
  }

  /** ICMP or ICMPv6, as the IP layer is; `rest` are the second 4 bytes. */
  icmp(type: number, code = 0, rest = 0): this {
    this.#layers.push({ kind: 'icmp', type, code, rest });
    return this;
  }

  payload(bytes: Buffer | string | number): this {
    this.#payload = typeof bytes === 'number' ? Buffer.alloc(bytes, 0x5a) : Buffer.from(bytes);
    return this;
  }

  /** What an ICMP error quotes: IP header and the first 8 bytes behind it. */
  quote(): Buffer {
    const bytes = this.bytes();
    return bytes.subarray(0, (bytes[0]! >> 4 === 4 ? 20 : 40) + 8);
  }

  /** From the outermost IP header on. */
  bytes(): Buffer {
    let inner: Buffer = this.#payload;
    for (let at = this.#layers.length - 1; at >= 0; at--) {
      const outside = this.#layers.slice(0, at).findLast((layer) => layer.kind === 'ip');
      inner = build(this.#layers[at]!, this.#layers[at + 1], inner, outside);
    }
    return inner;
  }

  frame(): Buffer {
    const bytes = this.bytes();
    const type = Buffer.alloc(2);
    type.writeUInt16BE(bytes[0]! >> 4 === 6 ? ETHERTYPE.ipv6 : ETHERTYPE.ipv4);
    const [to, from] = [this.#ethernet.to, this.#ethernet.from].map((mac) =>
      Buffer.from(mac.replaceAll(':', ''), 'hex'),
    );
    return Buffer.concat([to!, from!, type, bytes]);
  }
}

export function packet(): Packet {
  return new Packet();
}

function build(layer: Layer, next: Layer | undefined, inner: Buffer, outside: Ip | undefined): Buffer {
  switch (layer.kind) {
    case 'ip':
      return layer.source.length === 4 ? ipv4(layer, protocolOf(next, layer), inner) : ipv6(layer, next, inner);
    case 'tcp': {
      const header = Buffer.alloc(20);
      layer.ports.copy(header);
      header.writeUInt32BE(layer.options.sequence ?? 0x01020304, 4);
      header.writeUInt32BE(layer.options.acknowledgement ?? 0x0a0b0c0d, 8);
      header[12] = 0x50;
      header[13] = layer.flags;
      header.writeUInt16BE(layer.options.window ?? 0xffff, 14);
      return withChecksum(Buffer.concat([header, inner]), 16, PROTOCOL.tcp, outside);
    }
    case 'udp': {
      const header = Buffer.alloc(8);
      layer.ports.copy(header);
      header.writeUInt16BE(8 + inner.length, 4);
      const datagram = Buffer.concat([header, inner]);
      return layer.checksum ? withChecksum(datagram, 6, PROTOCOL.udp, outside) : datagram;
    }
    case 'icmp': {
      const header = Buffer.alloc(8);
      header[0] = layer.type;
      header[1] = layer.code;
      header.writeUInt32BE(layer.rest, 4);
      const message = Buffer.concat([header, inner]);
      if (outside?.source.length === 16) return withChecksum(message, 2, PROTOCOL.icmpv6, outside);
      message.writeUInt16BE(internetChecksum(message), 2);
      return message;
    }
  }
}

function ipv4({ source, destination, options }: Ip, protocol: number, inner: Buffer): Buffer {
  const header = Buffer.alloc(20 + (options.options?.length ?? 0));
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(header.length + inner.length, 2);
  header.writeUInt16BE(options.fragment ?? 0x4000, 6);
  header[8] = options.hopLimit ?? 64;
  header[9] = options.protocol ?? protocol;
  source.copy(header, 12);
  destination.copy(header, 16);
  options.options?.copy(header, 20);
  header.writeUInt16BE(internetChecksum(header), 10);
  return Buffer.concat([header, inner]);
}

function ipv6(layer: Ip, next: Layer | undefined, inner: Buffer): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x6000_0000 + (layer.options.flowLabel ?? 0), 0);
  header.writeUInt16BE(inner.length, 4);
  header[6] = layer.options.protocol ?? protocolOf(next, layer);
  header[7] = layer.options.hopLimit ?? 64;
  layer.source.copy(header, 8);
  layer.destination.copy(header, 24);
  return Buffer.concat([header, inner]);
}

function protocolOf(next: Layer | undefined, { source }: Ip): number {
  switch (next?.kind) {
    case 'tcp':
      return PROTOCOL.tcp;
    case 'udp':
      return PROTOCOL.udp;
    case 'icmp':
      return source.length === 4 ? PROTOCOL.icmp : PROTOCOL.icmpv6;
    case 'ip':
      return next.source.length === 4 ? PROTOCOL.ipip : PROTOCOL.ipv6;
    case undefined:
      return 255;
  }
}

function withChecksum(segment: Buffer, offset: number, protocol: number, ip: Ip | undefined): Buffer {
  if (ip === undefined) throw new Error('a checksum over addresses needs an IP layer');
  const pseudo = pseudoHeader(ip.source, ip.destination, protocol, segment.length);
  const checksum = internetChecksum(pseudo, segment);
  // For UDP 0 would say that there is none (RFC 768).
  segment.writeUInt16BE(checksum === 0 && protocol === PROTOCOL.udp ? 0xffff : checksum, offset);
  return segment;
}

function portPair(from: number, to: number): Buffer {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(from, 0);
  ports.writeUInt16BE(to, 2);
  return ports;
}

function onTheWire(text: string): Buffer {
  const v4 = parseIPv4(text);
  const bytes = Buffer.alloc(v4 === null ? 16 : 4);
  if (v4 !== null) bytes.writeUInt32BE(v4);
  else for (const [index, group] of parseIPv6(text)!.entries()) bytes.writeUInt16BE(group, 2 * index);
  return bytes;
}

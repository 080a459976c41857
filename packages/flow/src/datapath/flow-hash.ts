import { hashBytes } from '@evenkeel/model/hashing/murmur3.ts';
import { SLOTS } from '../maglev/slots.ts';
import { addressBytes, isMappedIPv4 } from './address.ts';
import { PROTOCOLS, type Protocol } from './layout.ts';

export interface Flow {
  readonly client: string;
  readonly clientPort: number;
  readonly vip: string;
  readonly vipPort: number;
  readonly protocol: Protocol;
}

/** The hash that the kernel computes of a flow (bpf/hash.h). */
export function hashFlow(flow: Flow, seed: number): number {
  const ports = Buffer.alloc(8);
  ports.writeUInt16BE(flow.clientPort, 0);
  ports.writeUInt16BE(flow.vipPort, 2);
  ports[4] = PROTOCOLS[flow.protocol];
  return hash([onTheWire(flow.client), onTheWire(flow.vip), ports], seed);
}

/** The hash of its source alone. */
export function hashSource(flow: Flow, seed: number): number {
  return hash([onTheWire(flow.client)], seed);
}

/** Which slot a hash falls into. Exact: the product has less than 53 bits. */
export function slotOf(hash: number): number {
  return Math.floor((hash * SLOTS) / 2 ** 32);
}

function hash(parts: readonly Buffer[], seed: number): number {
  const bytes = Buffer.concat(parts);
  return hashBytes(bytes, 0, bytes.length, seed);
}

function onTheWire(address: string): Buffer {
  const bytes = addressBytes(address);
  return isMappedIPv4(bytes) ? bytes.subarray(12) : bytes;
}

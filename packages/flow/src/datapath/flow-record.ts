import { addressBytes, addressText } from './address.ts';
import type { Flow } from './flow-hash.ts';
import { PROTOCOLS, type Protocol } from './layout.ts';

/** A flow that is written down, as the kernel has it (struct flow of bpf/structs.h), and the number of its target. */
export interface FlowRecord {
  /** 40 bytes. */
  readonly key: Buffer;
  readonly target: number;
  /** Since its last packet. */
  readonly idleSeconds: number;
}

/** A flow that is written down, for people. */
export interface ListedFlow extends Flow {
  readonly target: number;
  readonly state: FlowState;
  /** Since its last packet. */
  readonly idleSeconds: number;
}

export const FLOW_STATES = ['opening', 'established', 'closing'] as const;
export type FlowState = (typeof FLOW_STATES)[number];

export const FLOW_KEY_BYTES = 40;

/** An entry of an established flow that was last seen then. */
export function entryBytes(target: number, seenSeconds: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(target, 0);
  bytes[2] = FLOW_STATES.indexOf('established');
  bytes.writeUInt32LE(seenSeconds, 4);
  return bytes;
}

export function readFlowRecord(news: Buffer): FlowRecord {
  return { key: news.subarray(0, FLOW_KEY_BYTES), target: news.readUInt16LE(FLOW_KEY_BYTES), idleSeconds: 0 };
}

export function listFlow(key: Buffer, value: Buffer, nowSeconds: number): ListedFlow {
  return {
    ...flowOf(key),
    target: value.readUInt16LE(0),
    state: FLOW_STATES[value[2]!] ?? 'established',
    idleSeconds: idleOf(value, nowSeconds),
  };
}

/** Of an entry, the seconds since the last packet of its flow. */
export function idleOf(value: Buffer, nowSeconds: number): number {
  return Math.max(0, nowSeconds - value.readUInt32LE(4));
}

/** As the maps have it. */
export function flowKey({ client, vip, clientPort, vipPort, protocol }: Flow): Buffer {
  const bytes = Buffer.alloc(FLOW_KEY_BYTES);
  addressBytes(client).copy(bytes, 0);
  addressBytes(vip).copy(bytes, 16);
  bytes.writeUInt16BE(clientPort, 32);
  bytes.writeUInt16BE(vipPort, 34);
  bytes[36] = PROTOCOLS[protocol];
  return bytes;
}

/** Of a flow to an endpoint that several listeners share (struct shared of bpf/structs.h): whose it is. `seen`: seconds. */
export function readShared(value: Buffer) {
  return {
    vip: addressText(value.subarray(0, 16)),
    vipPort: value.readUInt16BE(16),
    state: FLOW_STATES[value[18]!] ?? 'established',
    listener: value.readUInt32LE(20),
    idleSeconds: value.readUInt32LE(24),
    seen: value.readUInt32LE(28),
  };
}

/** The reading of a key. */
export function flowOf(key: Buffer): Flow {
  return {
    client: addressText(key.subarray(0, 16)),
    clientPort: key.readUInt16BE(32),
    vip: addressText(key.subarray(16, 32)),
    vipPort: key.readUInt16BE(34),
    protocol: (Object.keys(PROTOCOLS) as Protocol[]).find((name) => PROTOCOLS[name] === key[36]) ?? 'tcp',
  };
}

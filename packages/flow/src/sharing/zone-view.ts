import { FLOW_KEY_BYTES, type FlowRecord } from '../datapath/flow-record.ts';
import type { Generation } from '../maglev/generations.ts';
import { SLOTS } from '../maglev/slots.ts';

/** Names by the numbers that one node has given: other nodes number the same targets and services otherwise. */
export interface Numbers {
  readonly targets: ReadonlyMap<number, string>;
  readonly services: ReadonlyMap<number, string>;
}

export function encodeNumbers({ targets, services }: Numbers): Buffer {
  return Buffer.from(JSON.stringify({ targets: [...targets], services: [...services] }));
}

/** Throws on what is no such content. */
export function decodeNumbers(content: Buffer): Numbers {
  const { targets, services } = JSON.parse(content.toString()) as Record<string, unknown>;
  return { targets: namesOf(targets), services: namesOf(services) };
}

function namesOf(list: unknown): ReadonlyMap<number, string> {
  if (!Array.isArray(list)) throw new TypeError('no list of names');
  return new Map(
    list.map((entry: unknown) => {
      if (!Array.isArray(entry) || typeof entry[0] !== 'number' || typeof entry[1] !== 'string') {
        throw new TypeError('no number with a name');
      }
      return [entry[0], entry[1]];
    }),
  );
}

const RECORD_BYTES = FLOW_KEY_BYTES + 2;

export function encodeFlows(records: readonly FlowRecord[]): Buffer {
  const content = Buffer.alloc(records.length * RECORD_BYTES);
  for (const [index, { key, target }] of records.entries()) {
    key.copy(content, index * RECORD_BYTES);
    content.writeUInt16LE(target, index * RECORD_BYTES + FLOW_KEY_BYTES);
  }
  return content;
}

export function* decodeFlows(content: Buffer): Generator<FlowRecord> {
  if (content.length % RECORD_BYTES !== 0) throw new RangeError(`no flows: ${content.length} bytes`);
  for (let at = 0; at < content.length; at += RECORD_BYTES) {
    const key = content.subarray(at, at + FLOW_KEY_BYTES);
    yield { key, target: content.readUInt16LE(at + FLOW_KEY_BYTES) };
  }
}

export function encodeTable(service: number, pairs: Generation): Buffer {
  const content = Buffer.alloc(4 + SLOTS * 4);
  content.writeUInt32LE(service, 0);
  Buffer.from(pairs.buffer, pairs.byteOffset, SLOTS * 4).copy(content, 4);
  return content;
}

export function decodeTable(content: Buffer): { readonly service: number; readonly pairs: Generation } {
  if (content.length !== 4 + SLOTS * 4) throw new RangeError(`no table: ${content.length} bytes`);
  const pairs = new Uint32Array(SLOTS);
  for (let slot = 0; slot < SLOTS; slot++) pairs[slot] = content.readUInt32LE(4 + slot * 4);
  return { service: content.readUInt32LE(0), pairs };
}

import { FLOW_KEY_BYTES, type FlowRecord } from '../datapath/flow-record.ts';
import type { Generation } from '../maglev/generations.ts';
import { SLOTS } from '../maglev/slots.ts';
import type { SlotAges } from '../maglev/unsettled.ts';

/** Names by the numbers that one node has given: other nodes number the same targets and services otherwise. */
export interface Numbers {
  readonly targets: ReadonlyMap<number, string>;
  readonly services: ReadonlyMap<number, string>;
}

export const NO_NUMBERS: Numbers = { targets: new Map(), services: new Map() };

/** As large as numbers and names can be: a peer cannot make us keep more. */
const LARGEST_NUMBER = 32_767;
const LONGEST_NAME = 200;

export function encodeNumbers({ targets, services }: Numbers): Buffer {
  return Buffer.from(JSON.stringify({ targets: [...targets], services: [...services], hearsAges: true }));
}

/** Whether whoever sends these numbers knows what to make of the ages of slots. */
export function hearsAges(content: Buffer): boolean {
  return (JSON.parse(content.toString()) as Record<string, unknown>)['hearsAges'] === true;
}

/** Throws on what is no such content. */
export function decodeNumbers(content: Buffer): Numbers {
  const { targets, services } = JSON.parse(content.toString()) as Record<string, unknown>;
  return { targets: namesOf(targets), services: namesOf(services) };
}

/** What `after` has and `before` has not, or has otherwise. A number that means nobody any more is not among it. */
export function newNumbers(before: Numbers, after: Numbers): Numbers {
  const changed = (old: ReadonlyMap<number, string>, now: ReadonlyMap<number, string>) =>
    new Map([...now].filter(([number, name]) => old.get(number) !== name));
  return { targets: changed(before.targets, after.targets), services: changed(before.services, after.services) };
}

export function joinNumbers(before: Numbers, more: Numbers): Numbers {
  return {
    targets: new Map([...before.targets, ...more.targets]),
    services: new Map([...before.services, ...more.services]),
  };
}

function namesOf(list: unknown): ReadonlyMap<number, string> {
  if (!Array.isArray(list)) throw new TypeError('no list of names');
  return new Map(
    list.map((entry: unknown) => {
      if (!Array.isArray(entry) || !isNumber(entry[0]) || !isName(entry[1])) {
        throw new TypeError('no number with a name');
      }
      return [entry[0], entry[1]];
    }),
  );
}

function isNumber(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= LARGEST_NUMBER;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_NAME;
}

/** The key, the target's number, and for how many seconds nothing has come of the flow. */
const RECORD_BYTES = FLOW_KEY_BYTES + 2 + 4;

export function encodeFlows(records: readonly FlowRecord[]): Buffer {
  const content = Buffer.alloc(records.length * RECORD_BYTES);
  for (const [index, { key, target, idleSeconds }] of records.entries()) {
    const at = index * RECORD_BYTES;
    key.copy(content, at);
    content.writeUInt16LE(target, at + FLOW_KEY_BYTES);
    content.writeUInt32LE(idleSeconds, at + FLOW_KEY_BYTES + 2);
  }
  return content;
}

export function* decodeFlows(content: Buffer): Generator<FlowRecord> {
  if (content.length % RECORD_BYTES !== 0) throw new RangeError(`no flows: ${content.length} bytes`);
  for (let at = 0; at < content.length; at += RECORD_BYTES) {
    const end = at + FLOW_KEY_BYTES;
    yield {
      key: content.subarray(at, end),
      target: content.readUInt16LE(end),
      idleSeconds: content.readUInt32LE(end + 2),
    };
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

const TABLE_BYTES = 4 + SLOTS * 4;
const LONGEST_AGE = 2 ** 32 - 1;

/** A table, and behind it the ages: an index for each slot, and of each age its milliseconds. */
export function encodeAgedTable(service: number, pairs: Generation, { ages, slots }: SlotAges): Buffer {
  const content = Buffer.alloc(TABLE_BYTES + SLOTS + ages.length * 4);
  encodeTable(service, pairs).copy(content);
  content.set(slots, TABLE_BYTES);
  for (const [index, age] of ages.entries()) {
    content.writeUInt32LE(Math.min(LONGEST_AGE, Math.max(0, Math.floor(age))), TABLE_BYTES + SLOTS + index * 4);
  }
  return content;
}

export function decodeAgedTable(content: Buffer): ReturnType<typeof decodeTable> & { readonly ages: SlotAges } {
  const rest = content.length - TABLE_BYTES - SLOTS;
  if (rest < 0 || rest % 4 !== 0) throw new RangeError(`no table with ages: ${content.length} bytes`);
  const slots = Uint8Array.from(content.subarray(TABLE_BYTES, TABLE_BYTES + SLOTS));
  const ages = Array.from({ length: rest / 4 }, (_, index) => content.readUInt32LE(TABLE_BYTES + SLOTS + index * 4));
  if (slots.some((index) => index > ages.length)) throw new RangeError('a slot with an age that is not told');
  return { ...decodeTable(content.subarray(0, TABLE_BYTES)), ages: { ages, slots } };
}

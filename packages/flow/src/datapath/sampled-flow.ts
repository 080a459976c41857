import { FLOW_STATES, type FlowState } from './flow-record.ts';

/** A flow of the sample (struct sample of bpf/structs.h). Times are in seconds since the machine started. */
export interface FlowSample {
  readonly key: Buffer;
  /** The number of its listener, and of its target. */
  readonly listener: number;
  readonly target: number;
  /** By its lowest bits it is in the sample or not. */
  readonly hash: number;
  readonly state: FlowState;
  readonly seen: number;
  readonly since: number;
  /** From the client, since then. */
  readonly packets: number;
  readonly bytes: number;
}

export function readSample(key: Buffer, value: Buffer): FlowSample {
  return {
    key: Buffer.from(key),
    listener: value.readUInt32LE(0),
    hash: value.readUInt32LE(4),
    target: value.readUInt16LE(8),
    state: FLOW_STATES[value[10]!] ?? 'established',
    seen: value.readUInt32LE(12),
    since: value.readUInt32LE(16),
    packets: Number(value.readBigUInt64LE(24)),
    bytes: Number(value.readBigUInt64LE(32)),
  };
}

/** Seconds as in TALK_WINDOW_BITS of bpf/consts.h. */
export const TALK_WINDOW = 16;

/** Of a flow with packets that were drawn: estimates of what it has sent (struct talker). */
export interface Talker {
  readonly key: Buffer;
  readonly listener: number;
  readonly target: number;
  /** The number of the window that the counts are of, TALK_WINDOW seconds each since the machine started. */
  readonly window: number;
  readonly packets: number;
  readonly bytes: number;
  /** The same of the window before. */
  readonly packetsBefore: number;
  readonly bytesBefore: number;
}

export function readTalker(key: Buffer, value: Buffer): Talker {
  return {
    key: Buffer.from(key),
    listener: value.readUInt32LE(0),
    target: value.readUInt16LE(4),
    window: value.readUInt32LE(8),
    packets: Number(value.readBigUInt64LE(16)),
    bytes: Number(value.readBigUInt64LE(24)),
    packetsBefore: Number(value.readBigUInt64LE(32)),
    bytesBefore: Number(value.readBigUInt64LE(40)),
  };
}

export interface Rate {
  readonly packets: number;
  readonly bytes: number;
}

/** What it sends in a second, as of the window before and what there is of this one: 16 to 32 seconds. null: nothing lately. */
export function rateOf(talker: Talker, nowSeconds: number): Rate | null {
  const window = Math.floor(nowSeconds / TALK_WINDOW);
  const age = window - talker.window;
  if (age > 1 || age < 0) return null;
  const [now, before] =
    age === 0
      ? [talker, { packets: talker.packetsBefore, bytes: talker.bytesBefore }]
      : [{ packets: 0, bytes: 0 }, talker];
  const seconds = TALK_WINDOW + (nowSeconds - window * TALK_WINDOW);
  return { packets: (now.packets + before.packets) / seconds, bytes: (now.bytes + before.bytes) / seconds };
}

/** How many of something a source may send in a second, and how many at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What a listener lets through (bpf/limits.h and bpf/flood.h). */
export interface Limits {
  /** Of one source: an IPv4 address, or 64 bits of an IPv6 one. null: any number. */
  readonly packets: Rate | null;
  /** TCP connections that one source begins. */
  readonly flows: Rate | null;
  /**
   * SYN in one second, from all sources, that raise the alarm of the listener, and those below which it ends after ten
   * seconds. Under alarm clients have to answer a challenge first. null: never.
   */
  readonly syns: { readonly alarm: number; readonly calm: number } | null;
}

/** A listener under a flood of SYN, or not. */
export interface Flood {
  readonly alarm: boolean;
  /** Alarms so far. */
  readonly alarms: bigint;
}

export const LIMITS_BYTES = 40;
export const FLOOD_BYTES = 24;

const NANOSECONDS = 1_000_000_000;
/** The clock of the programs stands still for up to 10 ms: with less than that a steady source would be refused. */
const SHORTEST_BURST_SECONDS = 0.01;
const HIGHEST_RATE = NANOSECONDS;

export function limitsBytes({ packets, flows, syns }: Limits): Buffer {
  const bytes = Buffer.alloc(LIMITS_BYTES);
  writeRate(bytes, 0, packets);
  writeRate(bytes, 16, flows);
  if (syns !== null) {
    const sane =
      Number.isInteger(syns.alarm) && Number.isInteger(syns.calm) && 0 < syns.calm && syns.calm <= syns.alarm;
    if (!sane) throw new RangeError(`SYN per second: 0 < calm (${syns.calm}) <= alarm (${syns.alarm})`);
    bytes.writeUInt32LE(syns.alarm, 32);
    bytes.writeUInt32LE(syns.calm, 36);
  }
  return bytes;
}

/** Nanoseconds, as the programs have it; an interval of 0: no limit. */
export interface KernelRate {
  readonly interval: bigint;
  readonly tolerance: bigint;
}

export function readLimits(bytes: Buffer) {
  const rate = (at: number) => ({ interval: bytes.readBigUInt64LE(at), tolerance: bytes.readBigUInt64LE(at + 8) });
  return { packets: rate(0), flows: rate(16), alarmSyns: bytes.readUInt32LE(32) };
}

/** Whether one more may come `now`, when the next one is `due`: `take` of bpf/limits.h, which counts it as well. */
export function isWithin({ interval, tolerance }: KernelRate, due: bigint, now: bigint): boolean {
  return interval === 0n || due - now <= tolerance;
}

/** `nowSeconds` since the machine started: an alarm of which no SYN has come to see the end has ended all the same. */
export function readFlood(bytes: Buffer, nowSeconds: number): Flood {
  const isOver = nowSeconds - bytes.readUInt32LE(8) > CALM_SECONDS;
  return { alarm: bytes.readUInt32LE(12) !== 0 && !isOver, alarms: bytes.readBigUInt64LE(16) };
}

/** As in bpf/consts.h. */
export const CALM_SECONDS = 10;

function writeRate(bytes: Buffer, offset: number, rate: Rate | null): void {
  if (rate === null) return;
  const { perSecond, burst } = rate;
  if (!(perSecond > 0 && perSecond <= HIGHEST_RATE && burst >= 1 && Number.isFinite(burst))) {
    throw new RangeError(`not a rate: ${perSecond} a second, ${burst} at once`);
  }
  const interval = Math.round(NANOSECONDS / perSecond);
  const atOnce = Math.max(burst, Math.ceil(perSecond * SHORTEST_BURST_SECONDS) + 1);
  bytes.writeBigUInt64LE(BigInt(interval), offset);
  bytes.writeBigUInt64LE(BigInt(Math.floor((atOnce - 1) * interval)), offset + 8);
}

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Protocol } from '@evenkeel/flow/datapath/layout.ts';
import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import type { KernelMode } from './kernel-mode.ts';

/** One listener as it stands in the kernel's maps. */
export interface KernelListener {
  readonly number: number;
  readonly serviceId: string;
  readonly addresses: readonly string[];
  readonly port: number;
  /** null: one port. */
  readonly lastPort: number | null;
  readonly protocols: readonly Protocol[];
  /** Absent in records of older versions. */
  readonly idleSeconds?: number;
  /** Those in the kernel's map of who may open flows; absent: none. */
  readonly gates?: readonly number[];
}

type Endpoints = Pick<KernelListener, 'addresses' | 'port' | 'lastPort'>;

export function sameEndpoints(a: Endpoints, b: Endpoints): boolean {
  return a.addresses.join() === b.addresses.join() && a.port === b.port && a.lastPort === b.lastPort;
}

/** An endpoint of a target whose answers go to clients under a VIP. */
export interface KernelOrigin {
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface KernelTarget {
  readonly number: number;
  readonly address: string;
  readonly port: number | null;
  /** Whether it was healthy; absent in records of older versions. */
  readonly up?: boolean;
}

/** A target by the number that stands for it in tables, and whose it is. */
export interface TargetInTables extends Pick<KernelTarget, 'number' | 'address' | 'port'> {
  readonly serviceId: string;
  readonly targetId: string;
}

export interface KernelService {
  readonly number: number;
  readonly mode: KernelMode;
  readonly targets: Readonly<Record<string, KernelTarget>>;
}

/**
 * What this node has put into the kernel, on disk before it is there: maps outlive the process, and the next one has to
 * know which numbers mean whom, and what is to be taken out.
 */
export interface KernelRecord {
  readonly listeners: Readonly<Record<string, KernelListener>>;
  readonly services: Readonly<Record<string, KernelService>>;
  /** By listener. */
  readonly origins: Readonly<Record<string, readonly KernelOrigin[]>>;
  /** Devices with a program, by name; and how each is attached. */
  readonly devices: Readonly<Record<string, 'xdp' | 'tcx'>>;
  /** Numbers of targets that are gone, and until when they are nobody's, in seconds since the machine started. */
  readonly retired: Readonly<Record<string, number>>;
  /** Addresses of the node itself, for its own traffic. */
  readonly own: readonly string[];
}

export const EMPTY_RECORD: KernelRecord = {
  listeners: {},
  services: {},
  origins: {},
  devices: {},
  retired: {},
  own: [],
};

/** The record on disk; null when there is none that can be read. */
export function readRecord(file: string): KernelRecord | null {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<KernelRecord> | null;
    return value === null || typeof value !== 'object' ? null : { ...EMPTY_RECORD, ...value };
  } catch {
    return null;
  }
}

/** Whole or not at all. */
export function writeRecord(file: string, record: KernelRecord): void {
  const next = `${file}.next`;
  writeFileSync(next, JSON.stringify(record), { mode: 0o600, flush: true });
  renameSync(next, file);
}

export function removeRecord(file: string): void {
  rmSync(file, { force: true });
}

/** The targets that the kernel has as healthy. */
export function healthIn(record: KernelRecord | null, now: number): ReportedHealth[] {
  return Object.entries(record?.services ?? {}).flatMap(([serviceId, { targets }]) =>
    Object.entries(targets)
      .filter(([, { up }]) => up === true)
      .map(([targetId]) => ({ serviceId, targetId, state: 'healthy', reason: '', since: now }) as const),
  );
}

import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import type { RefusedRetries } from '@evenkeel/proxy/engine/engine.ts';
import type { EngineCounters } from '@evenkeel/proxy/telemetry/counters.ts';
import type { FloodCount } from '../datapath/flood-watch.ts';
import type { EjectionCount } from '../health/traffic-standings.ts';
import type { Applied } from '../plan/applier.ts';
import type { ProbeCounts } from '../probing/probe-counts.ts';
import type { SharingCounts } from '../sharing/zone-sharing.ts';
import type { KernelCounts } from '../sight/kernel-sight.ts';
import type { ControlCounts } from './control-counts.ts';
import type { ProcessUsage } from './process-usage.ts';

/** Everything that the metrics are made of, taken once per scrape. */
export interface Snapshot {
  readonly node: { readonly name: string; readonly zone: string; readonly version: string; readonly reactor: string };
  /** Of both datapaths. */
  readonly engine: EngineCounters;
  /** Listening sockets, and how many of them are held by the supervisor. */
  readonly sockets: { readonly open: number; readonly held: number };
  /** null: the kernel carries nothing. */
  readonly kernel: KernelCounts | null;
  /** null: no flows are shared with other nodes. */
  readonly sharing: SharingCounts | null;
  /** Of listeners with a threshold for floods. */
  readonly floods: readonly FloodCount[];
  readonly plan: NodePlan;
  readonly applied: Applied;
  readonly storedVersion: number;
  readonly storeFailures: number;
  readonly health: readonly ReportedHealth[];
  /** Targets that have changed between healthy and unhealthy, and how often. */
  readonly healthTurns: readonly { readonly serviceId: string; readonly targetId: string; readonly count: number }[];
  /** By target and reason. */
  readonly ejections: Iterable<EjectionCount>;
  readonly refusedRetries: readonly RefusedRetries[];
  readonly probes: ProbeCounts;
  readonly stream: { readonly isOpen: boolean; readonly connects: number };
  readonly accessLog: { readonly dropped: number; readonly writtenBytes: number; readonly failing: boolean };
  readonly control: ControlCounts;
  readonly process: ProcessUsage;
}

import type { ProxyEngine } from '@evenkeel/proxy/engine/engine.ts';
import type { Logger } from 'pino';
import type { NodeBlockLists } from './block-list/node-block-lists.ts';
import type { Clock, Random } from './clock/clock.ts';
import type { DatapathEngine } from './datapath/datapath-engine.ts';
import type { Watch } from './health/watch.ts';
import type { Home } from './home.ts';
import type { NodeMembership } from './membership/node-membership.ts';
import type { WhenRevoked } from './membership/revocation.ts';
import type { ProbeCounts } from './probing/probe-counts.ts';
import type { ZoneMembership } from './sharing/zone-membership.ts';
import type { ControlCounts } from './telemetry/control-counts.ts';

/** What a node agent is made of. */
export interface NodeAgentOptions {
  readonly home: Home;
  /** What the node comes with to the control plane. */
  readonly membership: NodeMembership;
  readonly nodeId: string;
  /** What becomes of its last plan when it is revoked. */
  readonly whenRevoked: WhenRevoked;
  readonly zone: string;
  /** Version of the software. */
  readonly version: string;
  /** Of control planes on one state; one of them leads. */
  readonly controlUrls: readonly string[];
  /** Where the access log goes. */
  readonly accessLog: 'file' | 'stdout';
  /** Of listeners that want no other. */
  readonly accessLogFormat: string;
  readonly accessLogMaxBytes: number;
  readonly accessLogKeep: number;
  readonly engine: ProxyEngine;
  /** Puts plans into `engine`, or into the kernel; absent: all into `engine`. */
  readonly datapath?: DatapathEngine;
  /** Other nodes of the zone; absent: they are none of its business. */
  readonly zoneMembership?: ZoneMembership;
  /** Absent: none are taken. */
  readonly blockLists?: NodeBlockLists;
  readonly counts: ControlCounts;
  readonly watch: Watch;
  /** What `watch` counts. */
  readonly probes: ProbeCounts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

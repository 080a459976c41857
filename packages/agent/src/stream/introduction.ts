import { readFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { type NodeCapacity, STREAM_VERSION } from '@evenkeel/model/plan/membership.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { FromAgent } from '@evenkeel/model/plan/stream.ts';
import type { NodeAgentOptions } from '../agent-options.ts';

type Told = Pick<
  NodeAgentOptions,
  'nodeId' | 'zone' | 'version' | 'engine' | 'blockLists' | 'zoneMembership' | 'datapath'
>;

/** The first message of a stream: who this node is, and what it has. */
export function helloOf({ nodeId, zone, version, engine, blockLists }: Told, plan: NodePlan): FromAgent {
  return {
    type: 'hello',
    node: nodeId,
    zone,
    software: version,
    reactor: engine.reactor,
    workers: engine.workers,
    version: plan.version,
    hash: plan.hash,
    protocol: STREAM_VERSION,
    kernel: release(),
    capacity: capacity(),
    ...(blockLists && { blockLists: blockLists.position }),
  };
}

/** What is said now and then: how this node is. `floods`: identifiers of listeners that are under one. */
export function heartbeatOf(
  { engine, zoneMembership, datapath }: Told,
  overload: readonly string[],
  floods: readonly string[],
): FromAgent {
  const connections = engine.workerCounters().reduce((sum, { openConnections }) => sum + openConnections, 0);
  const kernelFlows = datapath?.kernel?.sight.allActiveFlows().flows ?? 0;
  const denied = engine.deniedSources() + (datapath?.kernel?.sight.deniedPackets() ?? 0);
  const sharing = zoneMembership?.report() ?? null;
  // While it opens, or is handed over, what its programs have counted is not known: that is another thing than none.
  const portless = datapath?.kernel?.sight.portless();
  const counted = { connections, kernelFlows, denied, ...(portless && { portless }) };
  return { type: 'heartbeat', overload, sharing, floods, ...counted };
}

let known: NodeCapacity | null = null;

/** A bound that a container has counts, where there is one. */
function capacity(): NodeCapacity {
  const bound = process.constrainedMemory();
  const memory = bound > 0 && bound < totalmem() ? bound : totalmem();
  known ??= { cpus: availableParallelism(), memory, descriptors: descriptorLimit() };
  return known;
}

/** 0: the system does not say (no /proc). */
function descriptorLimit(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

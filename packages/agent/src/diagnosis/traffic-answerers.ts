import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { ProxyEngine } from '@evenkeel/proxy/engine/engine.ts';
import type { EngineCounters } from '@evenkeel/proxy/telemetry/counters.ts';
import type { DatapathEngine } from '../datapath/datapath-engine.ts';
import { bothDatapaths } from '../sight/both-datapaths.ts';
import type { KernelCounts } from '../sight/kernel-sight.ts';
import type { Answerers } from '../stream/questions.ts';
import { flowsOn } from './flows.ts';
import { volumesOf } from './load-balancer-volumes.ts';
import { connectionsOf, trafficOf } from './traffic.ts';

type Counting = Pick<ProxyEngine, 'counters' | 'listenerVolumes'>;
type Carrying = Pick<DatapathEngine, 'carried' | 'kernel'>;

/** Questions about traffic, whichever datapath carries it. */
export function trafficAnswerers(
  engine: Counting,
  datapath: Carrying | undefined,
  plan: () => NodePlan,
): Pick<Answerers, 'traffic' | 'connections' | 'flows' | 'volumes'> {
  const sight = () => datapath?.kernel?.sight ?? null;
  return {
    traffic(question) {
      const { listenerId, serviceId } = question;
      const kernel = sight()?.counts({ listenerIds: [listenerId], serviceId }) ?? null;
      return trafficOf(engine.counters(), kernel, question);
    },
    connections(question) {
      const kernel = sight()?.counts({ listenerIds: question.listenerIds, serviceId: '' }) ?? null;
      return connectionsOf(bothDatapaths(engine.counters(), kernel), question);
    },
    // Asked of every node, every minute.
    volumes: () => volumesOf(engine.listenerVolumes(), sight()?.volumes() ?? [], plan()),
    flows(question) {
      return flowsOn({ carried: datapath?.carried() ?? [], sight: sight(), counters: engine.counters() }, question);
    },
  };
}

/** All counters of a node: of both datapaths together, and what else the kernel counts. */
export function nodeCounters(
  engine: Pick<Counting, 'counters'>,
  datapath: Carrying | undefined,
): { readonly engine: EngineCounters; readonly kernel: KernelCounts | null } {
  const kernel = datapath?.kernel?.sight.counts() ?? null;
  return { engine: bothDatapaths(engine.counters(), kernel), kernel };
}

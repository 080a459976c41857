import type { SharingCounts } from '../sharing/zone-sharing.ts';
import type { Metric } from './metric.ts';
import type { Snapshot } from './snapshot.ts';

const COUNTS = [
  ['evenkeel_flow_sharing_peers', 'gauge', 'peers', 'Nodes that are connected to share flows.'],
  ['evenkeel_flow_sharing_told_total', 'counter', 'told', 'Flows written down here that other nodes were told of.'],
  ['evenkeel_flow_sharing_learnt_total', 'counter', 'learnt', 'Flows of other nodes that were written down here.'],
] as const satisfies readonly (readonly [string, Metric<Snapshot>['type'], keyof SharingCounts, string])[];

/** What nodes tell each other of flows; nothing where none are shared. */
export const sharingMetrics: readonly Metric<Snapshot>[] = COUNTS.map(([name, type, what, help]) => ({
  name,
  type,
  help,
  *sample({ sharing }) {
    if (sharing !== null) yield { labels: {}, value: sharing[what] };
  },
}));

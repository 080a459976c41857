import type { Traffic } from '@evenkeel/flow/datapath/layout.ts';
import type { Metric } from './metric.ts';
import type { Snapshot } from './snapshot.ts';

/** What is counted of each listener and target, from clients to targets. */
const TRAFFIC = [
  ['packets', 'Packets sent on to targets in the kernel'],
  ['bytes', 'Bytes of packets sent on to targets in the kernel, headers included'],
  ['flows', 'TCP connections begun in the kernel'],
  ['drops', 'Packets dropped in the kernel'],
] as const satisfies readonly (readonly [keyof Traffic, string])[];

/** What the kernel datapath counted; nothing where it carries nothing. */
export const kernelMetrics: readonly Metric<Snapshot>[] = [
  ...TRAFFIC.map(
    ([what, help]): Metric<Snapshot> => ({
      name: `evenkeel_kernel_listener_${what}_total`,
      type: 'counter',
      help: `${help}, by listener.`,
      *sample({ kernel }) {
        for (const { listenerId, traffic } of kernel?.listeners ?? []) {
          yield { labels: { listener: listenerId }, value: Number(traffic[what]) };
        }
      },
    }),
  ),
  ...TRAFFIC.filter(([what]) => what !== 'drops').map(
    ([what, help]): Metric<Snapshot> => ({
      name: `evenkeel_kernel_target_${what}_total`,
      type: 'counter',
      help: `${help}, by target.`,
      *sample({ kernel }) {
        for (const { serviceId, targetId, traffic } of kernel?.targets ?? []) {
          yield { labels: { service: serviceId, target: targetId }, value: Number(traffic[what]) };
        }
      },
    }),
  ),
  {
    name: 'evenkeel_kernel_packets_total',
    type: 'counter',
    help: 'Packets in the kernel by what became of them, where that was not simply a target.',
    *sample({ kernel }) {
      for (const [outcome, value] of Object.entries(kernel?.outcomes ?? {})) {
        if (value > 0n) yield { labels: { outcome }, value: Number(value) };
      }
    },
  },
];

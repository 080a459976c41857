import type { Traffic } from '@evenkeel/flow/datapath/layout.ts';
import type { CountsInKernel, KernelCounts } from '../sight/kernel-sight.ts';
import type { Metric, Sample } from './metric.ts';
import type { Snapshot } from './snapshot.ts';

/** What is counted of each listener and target. */
const TRAFFIC = [
  ['packets', 'packets', 'Packets from clients that met a target in the kernel'],
  ['bytes', 'bytes', 'Bytes of packets from clients that met a target in the kernel, headers included'],
  ['flows', 'flows', 'Flows begun in the kernel: connections of TCP, and flows of UDP as the sample has them'],
  ['answers', 'answers', 'Packets from targets to clients that came through the kernel of this node'],
  ['answerBytes', 'answer_bytes', 'Bytes of packets from targets to clients, headers included'],
] as const satisfies readonly (readonly [keyof Traffic, string, string])[];

/** Whose counts, and the labels of one. */
const OWNERS = {
  listener: (kernel: KernelCounts) => kernel.listeners.map((one) => [{ listener: one.listenerId }, one] as const),
  target: (kernel: KernelCounts) =>
    kernel.targets.map((one) => [{ service: one.serviceId, target: one.targetId }, one] as const),
} as const;
type Owner = keyof typeof OWNERS;

/** What the kernel datapath counted; nothing where it carries nothing. */
export const kernelMetrics: readonly Metric<Snapshot>[] = [
  ...metricsOf('listener'),
  gauge('listener', 'active_flows_error', 'The true number of active flows is within so many, in 95 of 100 cases', {
    read: ({ active }) => active.error,
  }),
  {
    name: 'evenkeel_kernel_listener_sampled_one_in',
    type: 'gauge',
    help: 'One flow in so many of a listener is in the sample by which flows are counted.',
    *sample({ kernel }) {
      for (const { listenerId, sampledOneIn } of kernel?.listeners ?? []) {
        yield { labels: { listener: listenerId }, value: sampledOneIn };
      }
    },
  },
  ...metricsOf('target'),
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

function metricsOf(owner: Owner): Metric<Snapshot>[] {
  return [
    ...TRAFFIC.map(([field, name, help]): Metric<Snapshot> => {
      const read = ({ traffic }: CountsInKernel) => Number(traffic[field]);
      return { ...gauge(owner, `${name}_total`, help, { read }), type: 'counter' };
    }),
    {
      name: `evenkeel_kernel_${owner}_drops_total`,
      type: 'counter',
      help: `Packets dropped in the kernel, by ${owner} and reason.`,
      *sample({ kernel }) {
        for (const [labels, { drops }] of kernel === null ? [] : OWNERS[owner](kernel)) {
          for (const [reason, value] of Object.entries(drops)) {
            if (value > 0n) yield { labels: { ...labels, reason }, value: Number(value) };
          }
        }
      },
    },
    gauge(owner, 'active_flows', 'Flows in the kernel that are alive, as the sample has them', {
      read: ({ active }) => active.flows,
    }),
  ];
}

function gauge(
  owner: Owner,
  name: string,
  help: string,
  { read }: { readonly read: (counts: CountsInKernel) => number },
): Metric<Snapshot> {
  return {
    name: `evenkeel_kernel_${owner}_${name}`,
    type: 'gauge',
    help: `${help}, by ${owner}.`,
    *sample({ kernel }): Generator<Sample> {
      for (const [labels, counts] of kernel === null ? [] : OWNERS[owner](kernel)) {
        yield { labels, value: read(counts) };
      }
    },
  };
}

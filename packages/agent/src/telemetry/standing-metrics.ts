import type { Metric } from './metric.ts';
import type { Snapshot } from './snapshot.ts';

/** How targets stand with the traffic of this node. */
export const standingMetrics: readonly Metric<Snapshot>[] = [
  {
    name: 'evenkeel_target_ejected',
    type: 'gauge',
    help: '1 for targets that traffic has shown to be failing, and that take none for a while.',
    *sample({ health }) {
      for (const { serviceId, targetId, traffic } of health) {
        if (!traffic?.ejected) continue;
        yield { labels: { service: serviceId, target: targetId, reason: traffic.ejected.reason }, value: 1 };
      }
    },
  },
  {
    name: 'evenkeel_target_ejections_total',
    type: 'counter',
    help: 'Ejections of targets that have had any, by reason.',
    *sample({ ejections }) {
      for (const { serviceId, targetId, reason, count } of ejections) {
        yield { labels: { service: serviceId, target: targetId, reason }, value: count };
      }
    },
  },
  {
    name: 'evenkeel_target_share_ratio',
    type: 'gauge',
    help: 'Of its weight, what a target takes now; only of those that do not take all of it.',
    *sample({ health }) {
      for (const { serviceId, targetId, traffic } of health) {
        if (traffic && traffic.share < 100) {
          yield { labels: { service: serviceId, target: targetId }, value: traffic.share / 100 };
        }
      }
    },
  },
  {
    name: 'evenkeel_service_fail_open',
    type: 'gauge',
    help: '1 for services with so few healthy targets that all of them take traffic.',
    *sample({ health }) {
      const open = new Set<string>();
      for (const { serviceId, traffic } of health) if (traffic?.failOpen) open.add(serviceId);
      for (const service of open) yield { labels: { service }, value: 1 };
    },
  },
  {
    name: 'evenkeel_service_retries_refused_total',
    type: 'counter',
    help: 'Retries that were refused because the budget of the service was spent.',
    *sample({ refusedRetries }) {
      for (const { serviceId, refused } of refusedRetries) yield { labels: { service: serviceId }, value: refused };
    },
  },
];

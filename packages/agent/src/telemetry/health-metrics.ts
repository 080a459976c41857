import { TARGET_HEALTH_STATES } from '@evenkeel/model/plan/stream.ts';
import { histogramSamples, type Metric } from './metric.ts';
import type { Snapshot } from './snapshot.ts';

/** How targets are, and what probing them takes. */
export const healthMetrics: readonly Metric<Snapshot>[] = [
  {
    name: 'evenkeel_target_healthy',
    type: 'gauge',
    help: '1 when the target is healthy or has no health check, else 0.',
    *sample({ health }) {
      for (const { serviceId, targetId, state } of health) {
        const healthy = state === 'healthy' || state === 'unchecked';
        yield { labels: { service: serviceId, target: targetId }, value: healthy ? 1 : 0 };
      }
    },
  },
  {
    name: 'evenkeel_target_flapping',
    type: 'gauge',
    help: 'Changes between healthy and unhealthy in ten minutes, of targets that have had four or more.',
    *sample({ health }) {
      for (const { serviceId, targetId, flapping } of health) {
        if (flapping) yield { labels: { service: serviceId, target: targetId }, value: flapping.changes };
      }
    },
  },
  {
    name: 'evenkeel_target_health_changes_total',
    type: 'counter',
    help: 'Changes between healthy and unhealthy, of targets that have had any.',
    *sample({ healthTurns }) {
      for (const { serviceId, targetId, count } of healthTurns) {
        yield { labels: { service: serviceId, target: targetId }, value: count };
      }
    },
  },
  {
    name: 'evenkeel_service_targets',
    type: 'gauge',
    help: 'Targets of the service by state of health.',
    *sample({ health }) {
      const services = new Map<string, Map<string, number>>();
      for (const { serviceId, state } of health) {
        const states = services.get(serviceId) ?? new Map<string, number>();
        services.set(serviceId, states.set(state, (states.get(state) ?? 0) + 1));
      }
      for (const [service, states] of services) {
        for (const state of TARGET_HEALTH_STATES) yield { labels: { service, state }, value: states.get(state) ?? 0 };
      }
    },
  },
  {
    name: 'evenkeel_probes_total',
    type: 'counter',
    help: 'Health probes that have ended, by result: success, inconclusive (this node lacked resources), or why it failed.',
    *sample({ probes }) {
      for (const { protocol, result, count } of probes.results()) yield { labels: { protocol, result }, value: count };
    },
  },
  {
    name: 'evenkeel_probe_duration_seconds',
    type: 'histogram',
    help: 'Time from the start of a health probe to its verdict.',
    *sample({ probes }) {
      for (const counts of probes.durations()) {
        yield* histogramSamples('evenkeel_probe_duration_seconds', { protocol: counts.protocol }, counts);
      }
    },
  },
  {
    name: 'evenkeel_probe_endpoints',
    type: 'gauge',
    help: 'Endpoints that are probed; services that ask the same of the same endpoint share one.',
    sample: ({ probes }) => [{ labels: {}, value: probes.load.endpoints }],
  },
  {
    name: 'evenkeel_probes_in_flight',
    type: 'gauge',
    help: 'Health probes that run now.',
    sample: ({ probes }) => [{ labels: {}, value: probes.load.inFlight }],
  },
  {
    name: 'evenkeel_probes_waiting',
    type: 'gauge',
    help: 'Health probes that are due and wait for a slot.',
    sample: ({ probes }) => [{ labels: {}, value: probes.load.waiting }],
  },
  {
    name: 'evenkeel_probe_lag_seconds',
    type: 'gauge',
    help: 'How late the health probe is that has waited longest for a slot.',
    sample: ({ probes }) => [{ labels: {}, value: probes.load.lag / 1000 }],
  },
];

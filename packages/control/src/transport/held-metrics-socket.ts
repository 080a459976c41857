import { descriptorIn } from './held-socket.ts';

/** The same for the socket of the metrics, where they are not with the API: EVENKEEL_METRICS_SOCKET. */
export function heldMetricsSocket(environment: NodeJS.ProcessEnv): number | null {
  return descriptorIn(environment, 'EVENKEEL_METRICS_SOCKET');
}

import { transportsOf } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { KernelListener, KernelOrigin } from './kernel-record.ts';

export function protocolsOf(planned: PlannedListener): ('tcp' | 'udp')[] {
  const { tcp, udp } = transportsOf(planned);
  return [...(tcp ? (['tcp'] as const) : []), ...(udp ? (['udp'] as const) : [])];
}

/** Port 0: any, for targets of a range. */
export function originsOf(
  listener: PlannedListener | KernelListener,
  targets: readonly { readonly address: string; readonly port: number | null }[],
): KernelOrigin[] {
  const isRange = (listener.lastPort ?? listener.port) > listener.port;
  const protocols = 'protocols' in listener ? listener.protocols : protocolsOf(listener);
  return targets.flatMap(({ address, port }) =>
    protocols.map((protocol) => ({ address, port: isRange ? 0 : (port ?? 0), protocol })),
  );
}

export function keyOf({ address, port, protocol }: KernelOrigin): string {
  return `${protocol} ${address} ${port}`;
}

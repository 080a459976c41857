import { transportsOf } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { KernelListener, KernelOrigin, KernelTarget } from './kernel-record.ts';

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

export function unique(origins: readonly KernelOrigin[]): KernelOrigin[] {
  return [...new Map(origins.map((origin) => [keyOf(origin), origin])).values()];
}

/** Whether an answer could be of either. */
export function meet(a: KernelOrigin, b: KernelOrigin): boolean {
  const samePort = a.port === b.port || a.port === 0 || b.port === 0;
  return a.address === b.address && a.protocol === b.protocol && samePort;
}

export function keyOf({ address, port, protocol }: KernelOrigin): string {
  return `${protocol} ${address} ${port}`;
}

/** The numbers of targets by `address port`, and by `address 0` for those of ranges. */
export function numbersByPlace(targets: Readonly<Record<string, KernelTarget>>): ReadonlyMap<string, number> {
  const all = Object.values(targets);
  return new Map([
    ...all.map(({ address, number }) => [`${address} 0`, number] as const),
    ...all.map(({ address, port, number }) => [`${address} ${port ?? 0}`, number] as const),
  ]);
}

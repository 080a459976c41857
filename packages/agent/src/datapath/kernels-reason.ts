import type { RefusedListener, ReportedDatapath } from '@evenkeel/model/plan/stream.ts';

/**
 * A refusal of the proxy's, and why the listener came to the proxy at all: the kernel needs no address that the node has,
 * so what keeps it from carrying the listener is as a rule what is to be mended. `carried`: what was told of the listener
 * last; undefined: it is none of a network load balancer.
 */
export function withKernelsReason(refused: RefusedListener, carried: ReportedDatapath | undefined): RefusedListener {
  const isAboutAddress = refused.code === 'address-not-available';
  if (!isAboutAddress || carried?.datapath !== 'userspace' || carried.detail === '') return refused;
  return { ...refused, detail: `${refused.detail}, and the kernel does not carry the listener: ${carried.detail}` };
}

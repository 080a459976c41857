import { Closed } from '../reactor/reactor.ts';
import type { UpstreamLoss } from '../upstream/exchange.ts';
import type { TargetWatch } from './target-watch.ts';

/** What the loss of a connection in the middle of an exchange says of its target; what the node lacks is not its fault. */
export function judgeLoss(watch: TargetWatch, { phase, cause, reason, staleReuse, bytesSeen }: UpstreamLoss): void {
  // A kept connection that the target gave up as the request came is what every server does.
  if (cause === 'exhausted' || staleReuse) return;
  if (phase === 'connect') {
    if (reason !== Closed.local || cause === 'timeout') watch.connectFailed();
  } else if (cause === 'closed' && phase === 'response-head' && !bytesSeen) watch.connectFailed();
  else watch.failed();
}

import { portCount } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';

/** Ports of one listener here: each is a socket per worker and address. */
export const MOST_PORTS = 256;

/** Why a listener cannot be run for the width of its range; null: it can. */
export function refuseWideRange(planned: PlannedListener): RefusedListener | null {
  const ports = portCount(planned);
  if (ports <= MOST_PORTS) return null;
  const detail = `a range of ${ports} ports needs the kernel datapath: in user space, a listener has at most ${MOST_PORTS}`;
  return { listenerId: planned.id, code: 'failed', detail };
}

import type { ServiceTraffic } from '@evenkeel/model/resources/traffic.ts';
import type { Call } from '../commands/call.ts';
import { type Column, table } from '../output/table.ts';
import { placeOf } from './columns.ts';
import { backendServices } from './kinds.ts';
import { resolvePart } from './reference.ts';
import { print, withSession } from './session.ts';

type Row = ServiceTraffic['targets'][number];

/** Where the kernel carries a service. */
const kernelColumns: Column<Row>[] = [
  { head: 'SO FAR', of: ({ connections }) => connections },
  { head: 'BYTES SENT', of: ({ bytesSent }) => bytesSent },
  { head: 'BYTES RECEIVED', of: ({ bytesReceived }) => bytesReceived },
  { head: 'PACKETS SENT', of: ({ kernel }) => kernel?.packetsReceived ?? null },
  { head: 'PACKETS RECEIVED', of: ({ kernel }) => kernel?.packetsSent ?? null },
  { head: 'DROPPED', of: ({ kernel }) => kernel?.dropped.map(({ reason, count }) => `${reason} ${count}`).join(', ') },
];

/** In the kernel it is an estimate, with an error. */
function openConnections({ activeConnections, kernel }: Row): string {
  const error = kernel?.activeConnectionsError ?? 0;
  return error === 0 ? `${activeConnections}` : `${activeConnections} ± ${error}`;
}

/** Of a target that has been deregistered, which has no name any more. */
function whereItWas({ targetId, address = null, port }: Row): string {
  return address === null ? targetId : placeOf({ address, port });
}

/** What each target of a service has under way, so that a drain can be watched. */
export function showTraffic(call: Call) {
  return withSession(call, async (session) => {
    const service = await resolvePart(session, backendServices, call.args[0] as string, call.options.lb);
    const answer = await session.client.getBackendServiceTraffic({ params: { backendServiceId: service.id } });
    const { targetGroupId } = service;
    const named =
      targetGroupId === null
        ? { items: [] }
        : await session.client.listTargets({ params: { targetGroupId }, query: { limit: 500 } });
    const names = new Map(named.items.map(({ id, name, address }) => [id, name || address]));
    const columns: Column<Row>[] = [
      { head: 'TARGET', of: (row) => names.get(row.targetId) ?? whereItWas(row) },
      { head: 'STATE', of: ({ draining }) => (draining ? 'draining' : 'registered') },
      { head: 'UNDER WAY', of: ({ activeRequests }) => activeRequests },
      { head: 'CONNECTIONS', of: openConnections },
      { head: 'REQUESTS', of: ({ requests }) => requests },
      { head: 'CONNECT ERRORS', of: ({ connectErrors }) => connectErrors },
      ...(answer.targets.some(({ kernel }) => kernel != null) ? kernelColumns : []),
    ];
    print(session, {
      json: answer,
      ids: answer.targets.map(({ targetId }) => targetId),
      text: () => table(columns, answer.targets, session.paint),
    });
  });
}

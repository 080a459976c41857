import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { SecurityGroupDocument } from '@evenkeel/model/resources/security-group.ts';
import type { VpcDocument } from '@evenkeel/model/resources/vpc.ts';
import { stringify } from 'yaml';
import type { Call } from '../commands/call.ts';
import { exportLoadBalancer, exportSecurityGroups } from '../document/export.ts';
import { exportVpcs } from '../document/vpcs.ts';
import { loadBalancers } from './kinds.ts';
import { resolve } from './reference.ts';
import { print, type Session, withSession } from './session.ts';

interface Exported {
  readonly securityGroups?: readonly SecurityGroupDocument[];
  readonly vpcs?: readonly VpcDocument[];
  readonly loadBalancers: LoadBalancerDocument[];
}

export function exportConfiguration(call: Call) {
  return withSession(call, async (session) => {
    const chosen = await choose(session, call.args[0] as readonly string[]);
    const securityGroups = await exportSecurityGroups(session.client, chosen);
    const vpcs = await exportVpcs(session.client, chosen);
    const configuration: Exported = {
      ...(securityGroups.length > 0 && { securityGroups }),
      ...(vpcs.length > 0 && { vpcs }),
      loadBalancers: [],
    };
    for (const lb of chosen) configuration.loadBalancers.push(await exportLoadBalancer(session.client, lb));
    print(session, {
      json: configuration,
      ids: chosen.map(({ id }) => id),
      text: () => stringify(configuration, { aliasDuplicateObjects: false, lineWidth: 0 }),
    });
  });
}

async function choose(session: Session, texts: readonly string[]): Promise<LoadBalancer[]> {
  if (texts.length === 0) {
    return Array.fromAsync(items(session.client.listLoadBalancers, { query: { limit: PAGE.maximum } }));
  }
  const chosen = new Map<string, LoadBalancer>();
  for (const text of texts) {
    const lb = await resolve(session, loadBalancers, text);
    chosen.set(lb.id, lb);
  }
  return [...chosen.values()];
}

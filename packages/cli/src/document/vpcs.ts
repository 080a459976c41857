import type { Client } from '@evenkeel/client/client.ts';
import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { SubnetDocument } from '@evenkeel/model/resources/subnet.ts';
import type { VpcDocument } from '@evenkeel/model/resources/vpc.ts';

/** The VPCs whose subnets these load balancers are in, with all subnets, as `apply` takes them; the default is everywhere. */
export async function exportVpcs(client: Client, lbs: readonly LoadBalancer[]): Promise<VpcDocument[]> {
  const used = new Set(lbs.map(({ subnetId }) => subnetId));
  const query = { limit: PAGE.maximum };
  const subnets = await Array.fromAsync(items(client.listSubnets, { query }));
  const wanted = new Set(subnets.filter(({ id, builtIn }) => used.has(id) && !builtIn).map(({ vpcId }) => vpcId));
  if (wanted.size === 0) return [];
  const vpcs = await Array.fromAsync(items(client.listVpcs, { query }));
  return vpcs
    .filter(({ id }) => wanted.has(id))
    .map(({ id, name, cidrs, description, tags }) => {
      const own = subnets.filter(({ vpcId }) => vpcId === id);
      return { name, cidrs, description, tags, subnets: own.map(documentOf) };
    });
}

function documentOf({
  name,
  cidr,
  gateway,
  reserved,
  zone,
  description,
  tags,
}: Omit<Required<SubnetDocument>, 'gateway'> & { readonly gateway: string | null }): SubnetDocument {
  return { name, cidr, gateway, reserved, zone, description, tags };
}

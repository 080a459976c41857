import type { Subnet, SubnetAddress } from '@evenkeel/model/resources/subnet.ts';
import type { Vpc } from '@evenkeel/model/resources/vpc.ts';
import type { Column } from '../output/table.ts';

export const vpcColumns: Column<Vpc>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'CIDRS', of: ({ cidrs }) => cidrs.join(', ') },
  { head: 'SUBNETS', of: ({ subnetCount }) => subnetCount },
];

export const subnetColumns: Column<Subnet>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'CIDR', of: ({ cidr }) => cidr },
  { head: 'GATEWAY', of: ({ gateway }) => gateway },
  { head: 'ZONE', of: ({ zone }) => zone },
  { head: 'USED', of: ({ usage }) => usage.used },
  { head: 'FREE', of: ({ usage }) => usage.free },
];

export const addressColumns: Column<SubnetAddress>[] = [
  { head: 'ADDRESS', of: ({ address }) => address },
  { head: 'STATE', of: ({ state }) => state },
  { head: 'USED BY', of: ({ usedBy }) => usedBy && `${KINDS[usedBy.kind] ?? usedBy.kind} ${usedBy.name}` },
];

const KINDS: Readonly<Record<string, string>> = { loadBalancer: 'load balancer', elasticIp: 'elastic IP' };

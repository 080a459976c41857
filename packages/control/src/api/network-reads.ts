import { addressNumber, isIn } from '@evenkeel/model/address-range.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { DEFAULT_SUBNET, type SubnetAddress } from '@evenkeel/model/resources/subnet.ts';
import { DEFAULT_VPC } from '@evenkeel/model/resources/vpc.ts';
import type { AddressPools } from '../resources/addresses.ts';
import { type AddressOwner, addressesInUse, ownersIn } from '../resources/addresses-in-use.ts';
import { type AnySubnet, defaultSubnet } from '../resources/default-network.ts';
import { notFound, refTo } from '../resources/rules.ts';
import { freeAddresses, roomOf } from '../resources/subnet-addresses.ts';
import type { State } from '../state/state.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './call.ts';
import { NetworkViews } from './network-views.ts';
import { encode, pageOf, paginate } from './paging.ts';
import { hasTag } from './tags.ts';

export type NetworkReadName = 'listVpcs' | 'getVpc' | 'listSubnets' | 'getSubnet' | 'listSubnetAddresses';

type NetworkReads = { readonly [K in NetworkReadName]: (call: Call<K>) => ResponseOf<K> };

/** The calls that look at VPCs, subnets and their addresses. */
export function createNetworkReads(store: Store, pools: AddressPools): NetworkReads {
  const view = ({ state, caller }: Call<NetworkReadName>) =>
    new NetworkViews(store.state, state, caller.actingIn, pools);
  const byId = ({ id }: { readonly id: string }) => id;
  return {
    listVpcs(call) {
      const { query, state } = call;
      const views = view(call);
      const all = [views.defaultVpc(), ...Array.from(state.vpcs.values(), (record) => views.vpc(record))];
      const wanted = all.filter(({ name, tags }) => (query.name ?? name) === name && hasTag(tags, query.tag));
      return paginate(wanted, query, byId, (vpc) => vpc);
    },
    getVpc(call) {
      const { vpcId: id } = call.params;
      if (id === DEFAULT_VPC.id) return view(call).defaultVpc();
      return view(call).vpc(call.state.vpcs.get(id) ?? notFound('VPC', id));
    },
    listSubnets(call) {
      const { query, state } = call;
      const views = view(call);
      const all = [views.defaultSubnet(), ...Array.from(state.subnets.values(), (record) => views.subnet(record))];
      const wanted = all.filter(({ name, tags, vpcId }) => {
        return (query.name ?? name) === name && (query.vpcId ?? vpcId) === vpcId && hasTag(tags, query.tag);
      });
      return paginate(wanted, query, byId, (subnet) => subnet);
    },
    getSubnet(call) {
      const { subnetId: id } = call.params;
      if (id === DEFAULT_SUBNET.id) return view(call).defaultSubnet();
      return view(call).subnet(call.state.subnets.get(id) ?? notFound('subnet', id));
    },
    listSubnetAddresses({ params: { subnetId: id }, query, state, caller }) {
      const subnet =
        id === DEFAULT_SUBNET.id
          ? defaultSubnet(pools, caller.actingIn)
          : (state.subnets.get(id) ?? notFound('subnet', id));
      if (query.state === 'free') {
        return freePage(subnet, new Set(addressesInUse(store.state, state, caller.actingIn)), query);
      }
      const owners = ownersOf(subnet, state).toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
      return paginate(owners, query, placeOf, usedAddress);
    },
  };
}

/** What has an address of the subnet; of the default one also what asked for one of another network. */
function ownersOf(subnet: AnySubnet, own: State): AddressOwner[] {
  const { range } = roomOf(subnet);
  return [...ownersIn(own)].filter(({ kind, address, record }) => {
    return (kind === 'loadBalancer' && record.subnetId === subnet.id) || isIn(range, addressNumber(address)!);
  });
}

function placeOf({ address }: { readonly address: string }): string {
  const { family, number } = addressNumber(address)!;
  return `${family}/${number.toString(16).padStart(32, '0')}`;
}

function usedAddress({ kind, address, record }: AddressOwner): SubnetAddress {
  return { address, state: 'used', usedBy: refTo(kind, record) };
}

/** From where the page before ended, so that what was passed is not passed again. */
function freePage(
  subnet: AnySubnet,
  used: ReadonlySet<string>,
  query: { readonly limit?: number; readonly cursor?: string },
): { items: SubnetAddress[]; nextCursor: string | null } {
  const { limit, after } = pageOf(query);
  // A cursor of another list begins anew.
  const number = after !== null && /^[0-9a-f]{1,32}$/.test(after) ? BigInt(`0x${after}`) : null;
  const items: SubnetAddress[] = [];
  for (const address of freeAddresses(roomOf(subnet), used, number)) {
    if (items.length === limit) {
      return { items, nextCursor: encode(addressNumber(items.at(-1)!.address)!.number.toString(16)) };
    }
    items.push({ address, state: 'free', usedBy: null });
  }
  return { items, nextCursor: null };
}

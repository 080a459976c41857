import type { Subnet } from '@evenkeel/model/resources/subnet.ts';
import type { Vpc } from '@evenkeel/model/resources/vpc.ts';
import { AddressCounts } from '../resources/address-counts.ts';
import type { AddressPools } from '../resources/addresses.ts';
import { addressesInUse } from '../resources/addresses-in-use.ts';
import { type AnySubnet, defaultSubnet, defaultVpc } from '../resources/default-network.ts';
import { roomOf, usageOf } from '../resources/subnet-addresses.ts';
import { subnetsOf } from '../resources/vpcs.ts';
import type { SubnetRecord, VpcRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { withTimes } from './views.ts';

/** Of what comes with the product. */
const NO_HISTORY = { generation: 0, createdAt: null, updatedAt: null };

/** How the networks of a tenant show in the API. */
export class NetworkViews {
  readonly #own: State;
  readonly #pools: AddressPools;
  readonly #tenantId: string;
  readonly #counts: () => AddressCounts;

  /** `own` is the part of `whole` that the tenant sees, or a draft of it. */
  constructor(whole: State, own: State, tenantId: string, pools: AddressPools) {
    let counts: AddressCounts | null = null;
    this.#own = own;
    this.#pools = pools;
    this.#tenantId = tenantId;
    this.#counts = () => {
      counts ??= new AddressCounts(addressesInUse(whole, own, tenantId));
      return counts;
    };
  }

  vpc(record: VpcRecord): Vpc {
    return { ...withTimes(record), builtIn: false, subnetCount: subnetsOf(this.#own, record.id).length };
  }

  defaultVpc(): Vpc {
    const { cidrs, ...vpc } = defaultVpc(this.#pools, this.#tenantId);
    return { ...vpc, cidrs: [...cidrs], builtIn: true, subnetCount: 1, ...NO_HISTORY };
  }

  subnet(record: SubnetRecord): Subnet {
    return { ...withTimes(record), builtIn: false, onRequest: [], usage: this.#usage(record) };
  }

  defaultSubnet(): Subnet {
    const { onRequest = [], ...subnet } = defaultSubnet(this.#pools, this.#tenantId);
    const usage = this.#usage(subnet);
    return { ...subnet, builtIn: true, onRequest: [...onRequest], usage, ...NO_HISTORY };
  }

  #usage(subnet: AnySubnet): Subnet['usage'] {
    return usageOf(roomOf(subnet), this.#counts());
  }
}

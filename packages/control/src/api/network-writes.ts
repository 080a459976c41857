import * as subnets from '../resources/subnets.ts';
import * as vpcs from '../resources/vpcs.ts';
import type { Draft } from '../state/draft.ts';
import { NetworkViews } from './network-views.ts';
import type { Writes } from './writes.ts';
import { deleted, matching } from './written.ts';

type NetworkWriteName = 'createVpc' | 'updateVpc' | 'deleteVpc' | 'createSubnet' | 'updateSubnet' | 'deleteSubnet';

/** The calls that change VPCs and subnets. */
export const networkWrites: Pick<Writes, NetworkWriteName> = {
  createVpc: (draft, { body }) => view(draft).vpc(vpcs.createVpc(draft, body)),
  updateVpc(draft, { params, body, ifMatch }) {
    const record = matching(ifMatch, vpcs.getVpc(draft, params.vpcId));
    return view(draft).vpc(vpcs.updateVpc(draft, record, body));
  },
  deleteVpc(draft, { params, ifMatch }) {
    const record = matching(ifMatch, vpcs.getVpc(draft, params.vpcId));
    vpcs.deleteVpc(draft, record);
    return deleted(draft, record);
  },
  createSubnet: (draft, { body }) => view(draft).subnet(subnets.createSubnet(draft, body)),
  updateSubnet(draft, { params, body, ifMatch }) {
    const record = matching(ifMatch, subnets.getSubnet(draft, params.subnetId));
    return view(draft).subnet(subnets.updateSubnet(draft, record, body));
  },
  deleteSubnet(draft, { params, ifMatch }) {
    const record = matching(ifMatch, subnets.getSubnet(draft, params.subnetId));
    subnets.deleteSubnet(draft, record);
    return deleted(draft, record);
  },
};

function view(draft: Draft): NetworkViews {
  return new NetworkViews(draft.whole, draft, draft.tenantId, draft.context.pools);
}

import { canonicalNetwork } from '@evenkeel/model/network.ts';
import type { SubnetDocument } from '@evenkeel/model/resources/subnet.ts';
import { DEFAULT_VPC, type VpcDocument } from '@evenkeel/model/resources/vpc.ts';
import { ProblemError, refuseField } from '../problem.ts';
import { createSubnet, updateSubnet } from '../resources/subnets.ts';
import { createVpc, updateVpc } from '../resources/vpcs.ts';
import type { Draft } from '../state/draft.ts';
import type { VpcRecord } from '../state/records.ts';
import { named } from '../state/state.ts';
import { checkFixed, type Mention } from './contents.ts';

/** Makes the VPCs and their subnets be what the documents say. */
export function applyVpcs(draft: Draft, documents: readonly VpcDocument[], mention: Mention): void {
  const names = new Set<string>();
  for (const [i, document] of documents.entries()) {
    const at = `/vpcs/${i}`;
    const { subnets = [], ...own } = document;
    const { name } = own;
    if (name === DEFAULT_VPC.name) throw new ProblemError('built-in', `${at}/name: the default VPC cannot be changed`);
    if (names.has(name)) refuseField('name-taken', `${at}/name`, `VPC ${name} is in the document twice`);
    names.add(name);
    const known = named(draft.vpcs.values(), name);
    const vpc = known === null ? createVpc(draft, own, at) : updateVpc(draft, known, own, at);
    mention('vpc', vpc);
    const within = new Set<string>();
    for (const [j, subnet] of subnets.entries()) {
      const place = `${at}/subnets/${j}`;
      if (within.has(subnet.name)) {
        refuseField('name-taken', `${place}/name`, `subnet ${subnet.name} is in the document twice`);
      }
      within.add(subnet.name);
      ensureSubnet(draft, vpc, subnet, place, mention);
    }
  }
}

function ensureSubnet(draft: Draft, vpc: VpcRecord, document: SubnetDocument, at: string, mention: Mention): void {
  const known = named(draft.subnets.values(), document.name);
  if (known === null || known.vpcId !== vpc.id) {
    mention('subnet', createSubnet(draft, { vpcId: vpc.id, ...document }, at));
    return;
  }
  const { cidr, ...settings } = document;
  checkFixed(canonicalNetwork(cidr), known.cidr, `${at}/cidr`);
  mention('subnet', updateSubnet(draft, known, settings, at));
}

import { BLOCK_LIST } from '../limits.ts';
import { Address, Input, Network, Nullable, Output, Ref, Timestamp } from '../schema.ts';
import { type Static, Type } from '../type.ts';

const reason = Type.String({ maxLength: BLOCK_LIST.reasonLength, default: '', description: 'Why, in your own words.' });

export const BlockedSource = Output(
  'BlockedSource',
  {
    source: Type.String({ description: 'An address as a block of its own, or a CIDR block.' }),
    until: Nullable(Timestamp('When it leaves the list by itself; null: never')),
    reason,
  },
  'Who may not connect to any listener of the tenant.',
);
export type BlockedSource = Static<typeof BlockedSource>;

export const BlockedSourceInput = Input('BlockedSourceInput', {
  source: Network('An address or a CIDR block.'),
  seconds: Type.Optional(
    Nullable(
      Type.Integer({
        minimum: BLOCK_LIST.seconds.minimum,
        maximum: BLOCK_LIST.seconds.maximum,
        default: BLOCK_LIST.seconds.default,
        description: 'How long from now. null: until it is taken out.',
      }),
    ),
  ),
  reason: Type.Optional(reason),
});
export type BlockedSourceInput = Static<typeof BlockedSourceInput>;

const total = Type.Integer({ description: 'Entries of the tenant that are in force.' });

export const BlockList = Output('BlockList', {
  entries: total,
  limit: Type.Integer({
    description:
      'Entries that there may be: the quota of the tenant; for those whose role reaches every tenant, of all together.',
  }),
  used: Type.Integer({
    description: 'Entries of all tenants that are in force, for who reaches them all; for others, those of the tenant.',
  }),
  version: Type.Integer({ description: 'Grows with each change of any tenant.' }),
});
export type BlockList = Static<typeof BlockList>;

const sources = { minItems: 1, maxItems: BLOCK_LIST.atOnce };

export const BlockSources = Input('BlockSources', {
  entries: Type.Array(Ref(BlockedSourceInput), {
    ...sources,
    description: 'What is in the list already has the new time and reason from then on. All are taken in, or none.',
  }),
});
export type BlockSources = Static<typeof BlockSources>;

export const UnblockSources = Input('UnblockSources', {
  sources: Type.Array(Network('An address or a CIDR block, as it was blocked.'), sources),
});
export type UnblockSources = Static<typeof UnblockSources>;

export const BlockListChanged = Output('BlockListChanged', {
  changed: Type.Integer({ description: 'Entries that this call has put in, changed or taken out.' }),
  entries: total,
});
export type BlockListChanged = Static<typeof BlockListChanged>;

export const BlockedAddress = Output('BlockedAddress', {
  address: Address('The address that was asked for.'),
  blocked: Type.Boolean({ description: 'Whether it may not connect now.' }),
  entry: Nullable(Ref(BlockedSource)),
});
export type BlockedAddress = Static<typeof BlockedAddress>;

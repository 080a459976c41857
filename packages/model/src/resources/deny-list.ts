import { DENY_LIST } from '../deny-list-limits.ts';
import { Address, Input, Network, Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';

export const DENY_ACTIONS = ['deny', 'allow'] as const;
export type DenyAction = (typeof DENY_ACTIONS)[number];

const ACTION = '`deny`: may not connect to any listener. `allow`: may, whatever denies it here.';

const note = Type.String({ maxLength: DENY_LIST.noteLength, default: '', description: 'Why, in your own words.' });

export const DenyEntry = Output(
  'DenyEntry',
  {
    source: Type.String({ description: 'An address as a block of its own, or a CIDR block.' }),
    action: Words(DENY_ACTIONS, ACTION),
    until: Nullable(Timestamp('When it leaves the list by itself; null: never')),
    note,
  },
  'Who may not connect to any listener of the installation, or always may.',
);
export type DenyEntry = Static<typeof DenyEntry>;

export const DenyEntryInput = Input('DenyEntryInput', {
  source: Network('An address or a CIDR block, but for those of loopback, which are always allowed.'),
  action: Type.Optional(
    Type.Unsafe<DenyAction>({ type: 'string', enum: [...DENY_ACTIONS], default: 'deny', description: ACTION }),
  ),
  seconds: Type.Optional(
    Nullable(
      Type.Integer({
        minimum: DENY_LIST.seconds.minimum,
        maximum: DENY_LIST.seconds.maximum,
        description: 'How long from now. null, or absent: until it is taken out.',
      }),
    ),
  ),
  note: Type.Optional(note),
});
export type DenyEntryInput = Static<typeof DenyEntryInput>;

const counts = {
  addresses: Type.Integer({ description: 'Entries in force that are single addresses, denied or allowed.' }),
  networks: Type.Integer({ description: 'Entries in force that are larger blocks, denied or allowed.' }),
};

export const DenyList = Output('DenyList', {
  ...counts,
  allowed: Type.Integer({ description: 'Of both, those that allow.' }),
  addressLimit: Type.Integer({ description: 'Addresses that there may be.' }),
  networkLimit: Type.Integer({ description: 'Networks that there may be.' }),
  version: Type.Integer({ description: 'Grows with each change of this list, and of any block list.' }),
});
export type DenyList = Static<typeof DenyList>;

const sources = { minItems: 1, maxItems: DENY_LIST.atOnce };

export const DenySources = Input('DenySources', {
  entries: Type.Array(Ref(DenyEntryInput), {
    ...sources,
    description:
      'What is in the list already has the new action, time and note from then on. All are taken in, or none; no source ' +
      'may be there twice.',
  }),
});
export type DenySources = Static<typeof DenySources>;

export const RemoveFromDenyList = Input('RemoveFromDenyList', {
  sources: Type.Array(Network('An address or a CIDR block, as it was put in.'), sources),
});
export type RemoveFromDenyList = Static<typeof RemoveFromDenyList>;

export const DenyListChanged = Output('DenyListChanged', {
  changed: Type.Integer({ description: 'Entries that this call has put in, changed or taken out.' }),
  ...counts,
});
export type DenyListChanged = Static<typeof DenyListChanged>;

export const DeniedAddress = Output('DeniedAddress', {
  address: Address('The address that was asked for.'),
  denied: Type.Boolean({ description: 'Whether it may not connect to any listener now.' }),
  entry: Nullable(Ref(DenyEntry)),
});
export type DeniedAddress = Static<typeof DeniedAddress>;

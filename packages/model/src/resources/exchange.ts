import { EXCHANGE } from '../limits.ts';
import { Input, Nullable, Output, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Tags } from './attributes.ts';
import { ConfigurationResult, configuration } from './document.ts';
import { RESOURCE_KINDS } from './operation.ts';

/** Configuration as documents: out of one installation, and into another. */

export const Passphrase = Type.String({
  minLength: EXCHANGE.passphrase.minimum,
  maxLength: EXCHANGE.passphrase.maximum,
  writeOnly: true,
  description: 'What secrets are sealed with. It is stored nowhere.',
});

const { default: _, ...tags } = Tags as typeof Tags & { default: unknown };

const selection = {
  loadBalancers: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      minItems: 1,
      maxItems: EXCHANGE.selectors,
      description: 'Names or identifiers of load balancers. Default: all.',
    }),
  ),
  tags: Type.Optional(
    Type.Unsafe<Readonly<Record<string, string>>>({
      ...tags,
      description: 'Only load balancers that have all of these tags.',
    }),
  ),
  allFields: Type.Optional(
    Type.Boolean({ default: false, description: 'Every field, also those that have their defaults.' }),
  ),
};

export const ConfigurationExport = Input(
  'ConfigurationExport',
  selection,
  'What is exported. Without names and tags it is everything: also what no load balancer draws on.',
);
export type ConfigurationExport = Static<typeof ConfigurationExport>;

export const SealedExport = Input('SealedExport', { ...selection, passphrase: Passphrase });
export type SealedExport = Static<typeof SealedExport>;

const sealed = Type.String({
  maxLength: EXCHANGE.sealed,
  pattern: '^evenkeel-sealed-1\\.[A-Za-z0-9_-]+$',
  description:
    'Private keys of certificates, and secrets that tokens are checked with, sealed with a passphrase: scrypt and ' +
    'AES-256-GCM.',
});

export const ExportedConfiguration = Output(
  'ExportedConfiguration',
  { ...configuration, sealed: Type.Optional(sealed) },
  'A document as `POST /v1/apply` and `POST /v1/import` take it. Lists that would be empty are left out.',
);
export type ExportedConfiguration = Static<typeof ExportedConfiguration>;

export const CONFLICT_CHOICES = ['refuse', 'rename', 'replace'] as const;
export type ConflictChoice = (typeof CONFLICT_CHOICES)[number];

export const ConfigurationImport = Input('ConfigurationImport', {
  dryRun: Type.Optional(
    Type.Boolean({ default: false, description: 'Answer with conflicts and difference, and change nothing.' }),
  ),
  onConflict: Type.Optional({
    ...Words(
      CONFLICT_CHOICES,
      'What is done when an object of a name is there, and differs. `refuse`: nothing is imported; `rename`: the one ' +
        'that is imported gets another name, and another address if it has to; `replace`: the one that is there becomes ' +
        'what the document says, and has the default where that says nothing.',
    ),
    default: 'refuse',
  }),
  newAddresses: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Load balancers and elastic IPs that are created get a free address in place of that in the document.',
    }),
  ),
  ...configuration,
  sealed: Type.Optional(sealed),
  passphrase: Type.Optional(Passphrase),
});
export type ConfigurationImport = Static<typeof ConfigurationImport>;

export const ImportConflict = Output('ImportConflict', {
  field: Type.String({ description: 'Where the object is in the document, as a JSON pointer.' }),
  kind: Words(RESOURCE_KINDS, 'Kind of resource.'),
  name: Type.String({ description: 'Name that both have.' }),
  id: Type.String({ description: 'Identifier of the one that is there.' }),
  differs: Type.Array(Type.String(), {
    description: `In what they differ, such as \`listeners/http-80/idleTimeout\`; the first ${EXCHANGE.differences}.`,
  }),
  renamedTo: Nullable(Type.String({ description: 'Name of the one that is imported; null: it is not renamed.' })),
});
export type ImportConflict = Static<typeof ImportConflict>;

export const ConfigurationImported = Output('ConfigurationImported', {
  ...ConfigurationResult.properties,
  conflicts: Type.Array(Ref(ImportConflict), {
    description: 'Objects of the document that meet others of their names, in what they are not the same.',
  }),
});
export type ConfigurationImported = Static<typeof ConfigurationImported>;

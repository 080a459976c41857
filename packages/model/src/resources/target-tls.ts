import { Id } from '../identifiers.ts';
import { LISTENER_CERTIFICATES } from '../limits.ts';
import { Nullable, Output, Patch } from '../schema.ts';
import { type Static, Type } from '../type.ts';

const settings = {
  enabled: Type.Boolean({ default: false, description: 'Whether connections to targets are encrypted.' }),
  verify: Type.Boolean({
    default: true,
    description: 'Whether the certificate of a target must be good; false: anybody can pass for a target.',
  }),
};
const serverName = Type.String({
  maxLength: LISTENER_CERTIFICATES.nameLength,
  default: '',
  description: 'The name that the certificate must be for, and that is sent as SNI; empty: the host of the request.',
});

const properties = {
  ...settings,
  authorityId: Nullable(Id('authority', 'What the certificates of targets are judged by; needed to verify them.')),
  serverName,
};

/** TLS to the targets of a backend service. */
export const TargetTls = Output('TargetTls', properties);
export type TargetTls = Static<typeof TargetTls>;

export const TargetTlsPatch = Patch('TargetTlsPatch', properties);
export type TargetTlsPatch = Static<typeof TargetTlsPatch>;

/** The same where objects are named. */
export const TargetTlsDocument = Patch('TargetTlsDocument', {
  ...settings,
  authority: Nullable(Type.String({ description: 'Name or identifier of an authority; null: none.' })),
  serverName,
});
export type TargetTlsDocument = Static<typeof TargetTlsDocument>;

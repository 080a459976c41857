import { Nullable, Output, Timestamp } from '../schema.ts';
import { type Static, Type } from '../type.ts';

export const ControlPlane = Output(
  'ControlPlane',
  {
    address: Type.String({ description: 'Where the others find its API, and send nodes to: `--advertise`.' }),
    leads: Type.Boolean({ description: 'Whether it is the one that writes.' }),
    software: Type.String({ description: 'Version of the software.' }),
    fingerprint: Nullable(
      Type.String({ description: 'SHA-256 of the certificate that nodes know it by; null: it has no TLS.' }),
    ),
    nextFingerprint: Nullable(
      Type.String({
        description:
          'The same of the certificate that it will show next, which nodes are told of before; null: none is there yet.',
      }),
    ),
    lastSeenAt: Timestamp('When it last said that it is there, to half a minute'),
  },
  'One of the control planes that share the state. It is taken from the list when it was not seen for 7 days.',
);
export type ControlPlane = Static<typeof ControlPlane>;

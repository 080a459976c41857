import type { Logger } from 'pino';
import type { AgentStream } from '../nodes/stream.ts';
import type { Store } from '../store/store.ts';
import type { ApiCertificate } from '../transport/api-certificate.ts';
import { ControlPlanes } from './control-planes.ts';
import type { Leadership } from './leadership.ts';
import { PlanesTable } from './planes-table.ts';
import { ALONE } from './role.ts';

export interface PlanesParts {
  readonly store: Store;
  /** null: this one has the state to itself. */
  readonly leadership: Leadership | null;
  /** null: there is no TLS. */
  readonly certificate: ApiCertificate | null;
  readonly address: () => string;
  readonly software: string;
  /** What comes to be after it. */
  readonly stream: () => AgentStream;
  readonly logger: Logger;
}

/** The control planes that share the state of this one: nodes are told of their certificates as those change. */
export function openPlanes({ store, leadership, certificate, ...parts }: PlanesParts): ControlPlanes {
  const { address, software, stream, logger } = parts;
  return new ControlPlanes({
    table: leadership && new PlanesTable(store.database.db),
    own: () => ({
      address: address(),
      fingerprint: certificate?.shown.fingerprint ?? null,
      nextFingerprint: certificate?.next?.fingerprint ?? null,
    }),
    software,
    leads: () => (leadership ?? ALONE).leads,
    changed: () => stream().tellTrust(),
    failed: (error) =>
      logger.error({ err: error }, 'what control planes are known by could not be shared; trying again'),
    now: Date.now,
  });
}

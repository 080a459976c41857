import type { PlannedTargetTls } from '@evenkeel/model/plan/tls.ts';
import type { ParsedAuthority } from './authority.ts';
import {
  SSL_CTX_free,
  SSL_CTX_set_verify,
  SSL_VERIFY_NONE,
  SSL_VERIFY_PEER,
  TLS_client_method,
} from './ffi/openssl.ts';
import type { TlsLibrary } from './library.ts';
import { limitVersions, newContext } from './server-context.ts';

/** How TLS is spoken to the targets of one service. Connections of another one are not used in its place. */
export class TargetTls {
  readonly planned: PlannedTargetTls;
  /** The targets' certificates are verified. */
  readonly verifies: boolean;
  /** Address of the context; 0 when there can be none, and no connection then: see `error`. */
  readonly context: number;
  readonly error: string;

  /** `authority`: null when none is asked for; an error text when it cannot be used. `http`: HTTP is spoken inside. */
  constructor(
    library: TlsLibrary,
    planned: PlannedTargetTls,
    authority: ParsedAuthority | string | null,
    http: boolean,
  ) {
    this.planned = planned;
    this.verifies = planned.authorityId !== null;
    if (typeof authority === 'string') {
      this.context = 0;
      this.error = authority;
      return;
    }
    this.error = '';
    this.context = newContext(TLS_client_method());
    limitVersions(this.context, planned.versions);
    if (http) library.protocols.offerIn(this.context);
    authority?.addTo(this.context, false);
    SSL_CTX_set_verify(this.context, this.verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, 0);
  }

  /** The name that a target must have; `asked`: the host that the client asked for, `address`: the target's. */
  nameFor(asked: string, address: string): string {
    if (this.planned.serverName !== '') return this.planned.serverName;
    return asked === '' ? address : asked;
  }

  /** Connections that were made from it go on. */
  free(): void {
    if (this.context !== 0) SSL_CTX_free(this.context);
  }
}

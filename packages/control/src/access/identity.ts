import { DEFAULT_TENANT, type Reach, type Role } from '@evenkeel/model/access.ts';

/** What somebody came with. The identifier of that of the installation is `admin`. */
export interface Credential {
  readonly kind: 'installation' | 'token' | 'accessKey' | 'session' | 'none';
  readonly id: string;
}

/** Who sent a request, and how far that goes. */
export interface Identity {
  /** Identifier of the user, or that of the credential of the installation. */
  readonly id: string;
  readonly name: string;
  /** The tenant of the user. */
  readonly tenantId: string;
  /** What the user may do with this credential. */
  readonly role: Role;
  readonly reach: Reach;
  readonly credential: Credential;
  /** Unix milliseconds at which the credential ends; null: never. */
  readonly expiresAt: number | null;
}

/** An identity in the tenant that a request is about. */
export interface Caller extends Identity {
  /** The tenant that is acted in: that of the user, unless the role reaches all. */
  readonly actingIn: string;
  /** The address that the request came from. */
  readonly source: string;
}

/** Whoever has the credential that the installation was made with. */
export const ADMINISTRATOR: Identity = {
  id: 'admin',
  name: 'admin',
  tenantId: DEFAULT_TENANT.id,
  role: 'admin',
  reach: 'all',
  credential: { kind: 'installation', id: 'admin' },
  expiresAt: null,
};

/** Whoever calls what takes no credential. */
export const ANONYMOUS: Identity = {
  id: '',
  name: 'nobody',
  tenantId: DEFAULT_TENANT.id,
  role: 'viewer',
  reach: 'own',
  credential: { kind: 'none', id: '' },
  expiresAt: null,
};

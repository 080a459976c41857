import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import type { Login, SessionStarted } from '@evenkeel/model/resources/session.ts';
import type { Call } from '../api/call.ts';
import { ProblemError, refuseField } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import { Secret } from '../secrets/secret.ts';
import type { Vault } from '../secrets/vault.ts';
import type { UserRecord } from '../state/records.ts';
import { named, type State } from '../state/state.ts';
import { cookieIn, csrfTokenOf, setCookie } from './cookies.ts';
import { ANONYMOUS, type Caller } from './identity.ts';
import type { Attempt, LockOut } from './lock-out.ts';
import type { PasswordHasher } from './password.ts';
import { identityOf } from './proof.ts';
import { hashOfToken, newToken } from './secrets.ts';
import { type Sessions, showSession } from './sessions.ts';

export interface LoginsOptions {
  readonly sessions: Sessions;
  readonly hasher: PasswordHasher;
  readonly lockOut: LockOut;
  readonly vault: Vault;
  readonly state: () => State;
  /** Bytes that nobody can guess. */
  readonly secret: (bytes: number) => Buffer;
}

/** Logging in: the same answer, after the same time, for a user that is not there and a password that is wrong. */
export class Logins {
  readonly #options: LoginsOptions;

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** Rejects with `unauthenticated`, `rate-limited` or `too-busy`. */
  async login({ body, caller, browser, identify, audit }: Call<'login'>): Promise<SessionStarted> {
    const { sessions, secret, state } = this.#options;
    // An attempt that fails is on record in the tenant that it was for.
    const tenant = named(state().tenants.values(), body.tenant ?? DEFAULT_TENANT.name);
    if (tenant !== null) identify({ ...ANONYMOUS, tenantId: tenant.id });
    const { source } = caller;
    const { userAgent, secure } = browser;
    const user = await this.verify(body, source, cookieIn(browser.cookie, 'device', secure));
    const { row, token } = await sessions.begin(user, { source, userAgent }, (id) => {
      identify(identityOf(user, { kind: 'session', id }, { role: null, expiresAt: null }));
      return audit('');
    });
    const device = this.#options.vault.seal(deviceName(user.id), new Secret(newToken('ekdev', secret)));
    browser.setCookies([setCookie('session', token, secure), setCookie('device', device, secure)]);
    return { ...showSession(row, row.id), csrfToken: csrfTokenOf(token) };
  }

  /** The user whose password it is. `device`: the cookie of a browser that has logged in before. */
  async verify(
    { tenant = DEFAULT_TENANT.name, user: name, password }: Login,
    source: string,
    device: string | null,
  ): Promise<UserRecord> {
    const { lockOut, hasher, state } = this.#options;
    const user = this.#find(tenant, name);
    const attempt = this.#attemptOf(`${tenant}/${name}`, user, source, device);
    lockOut.check(attempt);
    // Where no password is looked at, nothing is guessed.
    hasher.checkRoom();
    // Counted before it is known: attempts that come at once must not all be the first.
    lockOut.failed(attempt);
    const isRight = await hasher.verify(password, user?.password?.reveal() ?? null);
    // A user may have gone, or got another password, meanwhile.
    const now = user && state().users.get(user.id);
    if (!isRight || now === undefined || now.password !== user?.password || !now.enabled) {
      throw new ProblemError('unauthenticated', 'user or password is not right, or the user is disabled');
    }
    lockOut.succeeded(attempt);
    return now;
  }

  /** The same for somebody whom another credential says already. Rejects with `validation-failed` where it is wrong. */
  async verifyKnown({ id, source }: Pick<Caller, 'id' | 'source'>, password: string, device: string | null) {
    const user = this.#options.state().users.get(id) ?? notFound('user', id);
    const tenant = this.#options.state().tenants.get(user.tenantId)!.name;
    try {
      return await this.verify({ tenant, user: user.name, password }, source, device);
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === 'unauthenticated')) throw error;
      return refuseField('validation-failed', '/current', 'is not the present password');
    }
  }

  #find(tenantName: string, name: string): UserRecord | undefined {
    const { tenants, users } = this.#options.state();
    const tenant = named(tenants.values(), tenantName);
    for (const user of users.values()) if (user.tenantId === tenant?.id && user.name === name) return user;
    return undefined;
  }

  /** A sealed cookie is good for the user that it was made for. */
  #attemptOf(name: string, user: UserRecord | undefined, source: string, device: string | null): Attempt {
    if (user !== undefined && device !== null) {
      try {
        const nonce = this.#options.vault.open(deviceName(user.id), device).reveal();
        return { kind: 'device', device: hashOfToken(nonce) };
      } catch {
        // Of somebody else, of an installation that was here before, or made up: a stranger.
      }
    }
    return { kind: 'stranger', name, source };
  }
}

function deviceName(userId: string): string {
  return `device/${userId}`;
}

import { createHash, timingSafeEqual } from 'node:crypto';

/** Seconds that a browser keeps the cookie of a device. */
const DEVICE_AGE = 365 * 86_400;
/** A session is one of the browser's, too: its cookie goes with it. Prefixes: RFC 6265bis §4.1.3. */
const NAMES = { session: 'evenkeel_session', device: 'evenkeel_device' } as const;

export type CookieName = keyof typeof NAMES;

/** The value of a cookie of ours in a `Cookie` field; null: it is not there. `secure`: whether there is TLS. */
export function cookieIn(field: string | undefined, name: CookieName, secure: boolean): string | null {
  for (const pair of (field ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === nameOf(name, secure)) return pair.slice(at + 1).trim() || null;
  }
  return null;
}

/** For `Set-Cookie`: scripts cannot read it, and no other site can have it sent. An empty value takes it away. */
export function setCookie(name: CookieName, value: string, secure: boolean): string {
  const age = value === '' ? '; Max-Age=0' : name === 'device' ? `; Max-Age=${DEVICE_AGE}` : '';
  return `${nameOf(name, secure)}=${value}; Path=/; HttpOnly; SameSite=Strict${age}${secure ? '; Secure' : ''}`;
}

function nameOf(name: CookieName, secure: boolean): string {
  return secure ? `__Host-${NAMES[name]}` : NAMES[name];
}

/** What writes with a session have to have beside its cookie: whoever can read neither cannot make one up. */
export function csrfTokenOf(session: string): string {
  return createHash('sha256').update(`csrf ${session}`).digest('base64url');
}

export function isCsrfToken(session: string, given: string | undefined): boolean {
  const [expected, actual] = [Buffer.from(csrfTokenOf(session)), Buffer.from(given ?? '')];
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

import { CERTIFICATE } from '@evenkeel/model/limits.ts';
import type { State } from '../state/state.ts';
import type { Store } from '../store/store.ts';
import type { Emit } from './event.ts';

/** Milliseconds. */
const DAY = 86_400_000;
/** Identifiers in one query. */
const ASKED = 500;

type Kind = 'certificate.expiring' | 'certificate.expired';

interface Expiring {
  readonly kind: Kind;
  readonly subject: { readonly kind: 'certificate' | 'authority'; readonly id: string; readonly name: string };
  readonly tenantId: string;
  readonly notAfter: string;
}

/**
 * Notices that certificates and authorities are about to expire, and that they have expired: once each, also over
 * starts of the control plane, and again when another certificate has taken the place of the first.
 */
export class CertificateWatch {
  readonly #store: Pick<Store, 'state' | 'read'>;
  readonly #now: () => number;
  readonly #emit: Emit;
  /** What was told. */
  readonly #told = new Set<string>();

  constructor(store: Pick<Store, 'state' | 'read'>, now: () => number, emit: Emit) {
    this.#store = store;
    this.#now = now;
    this.#emit = emit;
  }

  async look(): Promise<void> {
    const fresh = new Map<string, Expiring>();
    const wanted = new Set<string>();
    for (const expiring of expiringIn(this.#store.state, this.#now())) {
      const key = keyOf(expiring.kind, expiring.subject.id, expiring.notAfter);
      wanted.add(key);
      if (!this.#told.has(key)) fresh.set(key, expiring);
    }
    for (const key of this.#told) if (!wanted.has(key)) this.#told.delete(key);
    if (fresh.size === 0) return;
    for (const key of await this.#writtenBefore([...fresh.values()])) fresh.delete(key);
    for (const key of wanted) this.#told.add(key);
    for (const { kind, subject, tenantId, notAfter } of fresh.values()) {
      const when = kind === 'certificate.expired' ? 'has expired' : `expires at ${notAfter}`;
      const noun = subject.kind === 'authority' ? 'Authority' : 'Certificate';
      this.#emit({ kind, tenantId, subject, message: `${noun} ${subject.name} ${when}.`, data: { notAfter } });
    }
  }

  /** What the log of events has of them. */
  async #writtenBefore(expiring: readonly Expiring[]): Promise<string[]> {
    const ids = [...new Set(expiring.map(({ subject }) => subject.id))];
    const keys: string[] = [];
    for (let i = 0; i < ids.length; i += ASKED) {
      const rows = await this.#store.read((db) =>
        db
          .selectFrom('event')
          .select(['kind', 'subject_id', 'body'])
          .where('subject_id', 'in', ids.slice(i, i + ASKED))
          .where('kind', 'in', ['certificate.expiring', 'certificate.expired'])
          .execute(),
      );
      for (const { kind, subject_id, body } of rows) {
        const { data } = JSON.parse(body) as { data: { notAfter?: string } };
        keys.push(keyOf(kind, subject_id, data.notAfter ?? ''));
      }
    }
    return keys;
  }
}

function* expiringIn({ certificates, authorities }: State, now: number): Generator<Expiring> {
  for (const [kind, records] of [
    ['certificate', certificates],
    ['authority', authorities],
  ] as const) {
    for (const { id, name, tenantId, notAfter } of records.values()) {
      const left = Date.parse(notAfter) - now;
      if (left >= CERTIFICATE.expiringDays * DAY) continue;
      const subject = { kind, id, name };
      yield { kind: left <= 0 ? 'certificate.expired' : 'certificate.expiring', subject, tenantId, notAfter };
    }
  }
}

function keyOf(kind: string, id: string, notAfter: string): string {
  return `${kind} ${id} ${notAfter}`;
}

import type { State } from '../state/state.ts';
import type { Store } from '../store/store.ts';
import { type Notice, readNotices } from './certificate-notices.ts';
import type { Emit } from './event.ts';

/** Milliseconds. */
const DAY = 86_400_000;

interface Expiring extends Notice {
  readonly subject: { readonly kind: 'certificate' | 'authority'; readonly id: string; readonly name: string };
  readonly tenantId: string;
  readonly daysLeft: number;
}

/**
 * Notices that certificates and authorities are about to expire, some days before and at the end: each once, also over
 * starts of the control plane, and again when another certificate has taken the place of the first. Who looks late tells
 * the last notice that is due alone.
 */
export class CertificateWatch {
  readonly #store: Pick<Store, 'state' | 'read'>;
  /** Days before the end, the most first. */
  readonly #days: readonly number[];
  readonly #now: () => number;
  readonly #emit: Emit;
  /** What was told, by identifier. */
  readonly #told = new Map<string, Notice>();

  /** `now` in Unix milliseconds. */
  constructor(store: Pick<Store, 'state' | 'read'>, days: readonly number[], now: () => number, emit: Emit) {
    this.#store = store;
    this.#days = days.toSorted((a, b) => b - a);
    this.#now = now;
    this.#emit = emit;
  }

  async look(): Promise<void> {
    const due = new Map(Array.from(this.#expiring(), (expiring) => [expiring.subject.id, expiring]));
    for (const id of this.#told.keys()) if (!due.has(id)) this.#told.delete(id);
    const unknown = [...due.values()].filter((one) => !covers(this.#told.get(one.subject.id), one));
    if (unknown.length === 0) return;
    const before = await this.#store.read((db) =>
      readNotices(
        db,
        unknown.map(({ subject }) => subject.id),
      ),
    );
    for (const expiring of unknown) {
      const { subject, tenantId, notAfter, days, daysLeft } = expiring;
      this.#told.set(subject.id, { notAfter, days });
      if (covers(before.get(subject.id), expiring)) continue;
      const noun = subject.kind === 'authority' ? 'Authority' : 'Certificate';
      const data = { notAfter, days, daysLeft };
      if (days === 0) {
        const message = `${noun} ${subject.name} has expired, at ${notAfter}.`;
        this.#emit({ kind: 'certificate.expired', tenantId, subject, message, data });
      } else {
        const message = `${noun} ${subject.name} expires at ${notAfter}, in less than ${countOf(daysLeft + 1)}.`;
        this.#emit({ kind: 'certificate.expiring', tenantId, subject, message, data });
      }
    }
  }

  *#expiring(): Generator<Expiring> {
    const { certificates, authorities }: State = this.#store.state;
    const now = this.#now();
    for (const [kind, records] of [
      ['certificate', certificates],
      ['authority', authorities],
    ] as const) {
      for (const { id, name, tenantId, notAfter } of records.values()) {
        const left = Date.parse(notAfter) - now;
        const days = left <= 0 ? 0 : this.#days.findLast((one) => left <= one * DAY);
        if (days === undefined) continue;
        const daysLeft = Math.max(0, Math.floor(left / DAY));
        yield { subject: { kind, id, name }, tenantId, notAfter, days, daysLeft };
      }
    }
  }
}

/** Whether what was told makes this notice needless: it was about the same end, and as near to it. */
function covers(told: Notice | undefined, { notAfter, days }: Notice): boolean {
  return told !== undefined && told.notAfter === notAfter && told.days <= days;
}

function countOf(days: number): string {
  return days === 1 ? 'a day' : `${days} days`;
}

import { WEBHOOK } from '@evenkeel/model/limits.ts';
import type { WebhookTried } from '@evenkeel/model/resources/webhook.ts';
import type { Emit } from '../events/event.ts';
import type { WebhookRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { DeliveryRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import {
  dueWebhooks,
  type Failing,
  forget,
  nextDue,
  rememberedWebhooks,
  type Settled,
  writeAttempt,
  writeFailing,
} from './outbox.ts';
import type { Posted } from './post.ts';
import { SIGNATURE_HEADER, signatureOf } from './signature.ts';

/** Webhooks that are sent to at the same time; each gets one delivery after another. */
const AT_ONCE = 8;
/** Deliveries of one webhook until another has its turn. */
const TURN = 20;
const SECOND = 1_000;
/** Milliseconds in which nothing is sent after what came of it could not be written: it would be sent again and again. */
const UNWRITTEN = 60_000;

export interface DelivererOptions {
  readonly store: Store;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly post: (url: string, body: string, headers: Readonly<Record<string, string>>) => Promise<Posted>;
  readonly emit: Emit;
  readonly version: string;
  /** Told of what could not be written. */
  readonly failed: (error: unknown) => void;
}

/** Milliseconds until the next attempt after so many that failed: twice as long each time, a fifth more or less by chance. */
export function pauseAfter(failures: number, random: number): number {
  const { first, longest } = WEBHOOK.pause;
  const seconds = Math.min(longest, first * 2 ** Math.min(20, failures - 1));
  return Math.round(seconds * SECOND * (0.8 + 0.4 * random));
}

/**
 * Sends what waits in the outboxes. What fails is tried again later, ever later; meanwhile nothing else is sent there,
 * since it would fail too. A webhook that has failed for long is disabled.
 */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #busy = new Map<string, Promise<void>>();
  /** By webhook: what is tried next is not tried before. */
  readonly #pausedUntil = new Map<string, number>();
  readonly #failing = new Map<string, Failing>();
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = true;
  /** Counts the times that this control plane began to lead, or ended. */
  #term = 0;
  /** Nothing is sent before, in Unix milliseconds: what comes of it could not be written. */
  #resumeAt = 0;
  /** Those of which nothing is to be forgotten any more. */
  #known: State['webhooks'] | null = null;

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Sends what waits from now on: this control plane leads. */
  async begin(): Promise<void> {
    this.end();
    const term = this.#term;
    const rows = await this.#options.store.read((db) => db.selectFrom('webhook_failing').selectAll().execute());
    // Another one leads by now, or this one does anew.
    if (term !== this.#term) return;
    this.#failing.clear();
    this.#pausedUntil.clear();
    for (const { webhook_id, since, attempts } of rows) this.#failing.set(webhook_id, { since, attempts });
    this.#resumeAt = 0;
    this.#known = null;
    this.#closed = false;
    this.#timer = setInterval(() => void this.look(), SECOND);
  }

  /** Begins nothing any more; what is under way ends. */
  end(): void {
    this.#closed = true;
    this.#term++;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Begins what is due, as far as there is room. Never rejects. */
  look(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#looking ??= this.#begin()
      .catch(this.#options.failed)
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  /** Sends an event that has not happened, once. */
  async test(webhook: WebhookRecord): Promise<WebhookTried> {
    const { now } = this.#options;
    const event = {
      id: 'test',
      at: new Date(now()).toISOString(),
      kind: 'webhook.test',
      severity: 'info',
      tenantId: webhook.tenantId,
      subject: { kind: 'webhook', id: webhook.id, name: webhook.name },
      loadBalancerId: null,
      message: `This is a test of webhook ${webhook.name}.`,
      data: {},
    };
    const posted = await this.#post(webhook, 'test', event.kind, JSON.stringify(event));
    return { delivered: posted.error === '', ...posted };
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await this.#looking;
    await Promise.all(this.#busy.values());
  }

  async #begin(): Promise<void> {
    const { store, now } = this.#options;
    if (now() < this.#resumeAt) return;
    const { webhooks } = store.state;
    if (webhooks !== this.#known) await this.#forgetOthers(webhooks);
    for (const id of await store.read((db) => dueWebhooks(db, now()))) {
      const webhook = webhooks.get(id);
      if (webhook !== undefined && this.#mayBegin(webhook)) {
        const sending = this.#send(id)
          .catch(this.#options.failed)
          .finally(() => this.#busy.delete(id));
        this.#busy.set(id, sending);
      }
    }
  }

  /** Removes what is left of webhooks that are gone. */
  async #forgetOthers(webhooks: State['webhooks']): Promise<void> {
    const { store } = this.#options;
    const gone = (await store.read(rememberedWebhooks)).filter((id) => !webhooks.has(id));
    if (gone.length > 0) await this.#record((trx) => forget(trx, gone));
    for (const id of gone) {
      this.#failing.delete(id);
      this.#pausedUntil.delete(id);
    }
    this.#known = webhooks;
  }

  /** Writes what came of sending, or sends nothing for a while. */
  async #record(persist: Parameters<Store['record']>[0]): Promise<void> {
    try {
      await this.#options.store.record(persist);
    } catch (error) {
      this.#resumeAt = this.#options.now() + UNWRITTEN;
      throw error;
    }
  }

  #mayBegin({ id, enabled }: WebhookRecord): boolean {
    if (this.#closed || !enabled || this.#busy.size >= AT_ONCE || this.#busy.has(id)) return false;
    return (this.#pausedUntil.get(id) ?? 0) <= this.#options.now();
  }

  /** Sends what is due of one webhook, until something fails or its turn is over. */
  async #send(id: string): Promise<void> {
    const { store, now } = this.#options;
    for (let sent = 0; sent < TURN && !this.#closed; sent++) {
      const webhook = store.state.webhooks.get(id);
      const row = webhook?.enabled ? await store.read((db) => nextDue(db, id, now())) : undefined;
      // It may have ended while that was read.
      if (webhook === undefined || row === undefined || this.#closed || now() < this.#resumeAt) return;
      if (!(await this.#attempt(webhook, row))) return;
    }
  }

  /** False when it failed. */
  async #attempt(webhook: WebhookRecord, row: DeliveryRow): Promise<boolean> {
    const { now, random } = this.#options;
    const { status, error } = await this.#post(webhook, row.id, row.kind, row.body);
    // What was called off because the control plane stops is tried when it is back, and was no failure.
    if (this.#closed && error !== '') return false;
    const attempts = row.attempts + 1;
    const at = now();
    if (error === '') {
      const done: Settled = { state: 'delivered', attempts, next_at: at, settled_at: at, status, error };
      const recovered = this.#failing.delete(webhook.id);
      this.#pausedUntil.delete(webhook.id);
      await this.#record(async (trx) => {
        await writeAttempt(trx, row, done);
        if (recovered) await writeFailing(trx, webhook.id, null);
      });
      return true;
    }
    const before = this.#failing.get(webhook.id) ?? { since: at, attempts: 0 };
    const failing = { since: before.since, attempts: before.attempts + 1 };
    this.#failing.set(webhook.id, failing);
    const next = at + pauseAfter(failing.attempts, random());
    this.#pausedUntil.set(webhook.id, next);
    const tooOld = next - row.created_at > WEBHOOK.keepTrying * SECOND;
    const settled: Settled = {
      state: tooOld ? 'given-up' : 'waiting',
      attempts,
      next_at: next,
      settled_at: tooOld ? at : null,
      status,
      error,
    };
    await this.#record(async (trx) => {
      await writeAttempt(trx, row, settled);
      await writeFailing(trx, webhook.id, failing);
    });
    if (at - failing.since >= WEBHOOK.disableAfter * SECOND) await this.#disable(webhook, error);
    return false;
  }

  async #disable({ id, tenantId, name }: WebhookRecord, error: string): Promise<void> {
    const { store, emit } = this.#options;
    const reason = `it has failed for more than ${WEBHOOK.disableAfter / 3_600} hours: ${error}`;
    const run: Parameters<typeof store.write>[0]['run'] = (draft) => {
      const webhook = draft.webhooks.get(id);
      if (webhook?.enabled) draft.update('webhook', webhook, { enabled: false, disabledReason: reason });
    };
    await store.write({ action: 'disableWebhook', actor: 'evenkeel', requestId: '', tenantId, run });
    // When it is enabled again, it has as long as any other.
    this.#failing.delete(id);
    this.#pausedUntil.delete(id);
    await this.#record((trx) => writeFailing(trx, id, null));
    const subject = { kind: 'webhook', id, name };
    emit({ kind: 'webhook.disabled', tenantId, subject, message: `Webhook ${name} was disabled: ${reason}.` });
  }

  #post(webhook: WebhookRecord, deliveryId: string, kind: string, body: string): Promise<Posted> {
    const seconds = Math.floor(this.#options.now() / SECOND);
    return this.#options.post(webhook.url, body, {
      'content-type': 'application/json',
      'user-agent': `Evenkeel/${this.#options.version}`,
      'evenkeel-event': kind,
      'evenkeel-delivery': deliveryId,
      [SIGNATURE_HEADER]: signatureOf(webhook.secret.reveal(), seconds, body),
    });
  }
}

import type { Journal } from '../journal.ts';
import { type LogLine, parseLogLine } from './log-line.ts';
import { type HttpScenario, isIdempotent, type RequestPlan } from './plan.ts';
import { writtenTarget } from './wire.ts';

/** What the proxy calls a request of which it has read no name. */
const MADE = /^[0-9a-f]{32}$/;

/** How a request ended for its client. */
export type Outcome =
  /** By the origin, whole. */
  | { readonly kind: 'answered' }
  /** By whatever stands between, with this status. */
  | { readonly kind: 'refused'; readonly status: number }
  /** No answer, or not the whole of it. */
  | { readonly kind: 'lost'; readonly why: string };

interface Entry {
  readonly request: RequestPlan;
  /** Address of the client. */
  readonly client: string;
  /**
   * The client may lose an answer by its own doing: it said close and sent more all the same, or it sent more while it
   * read so slowly that no lingering close could wait for it. What it sent turns the close into a reset.
   */
  readonly mayBeReset: boolean;
  sent: number;
  seen: number;
  outcome: Outcome | null;
}

/** What became of every request of a run, seen from both ends. */
export class HttpLedger {
  readonly #journal: Journal;
  readonly #scenario: HttpScenario;
  readonly #entries = new Map<string, Entry>();
  /** An origin may close a connection while a request is on its way to it. */
  readonly #races: boolean;

  constructor(journal: Journal, scenario: HttpScenario) {
    this.#journal = journal;
    this.#scenario = scenario;
    for (const client of scenario.clients) {
      for (const [index, request] of client.requests.entries()) {
        const brokeItsWord = client.requests[index + 1]?.ghost ?? false;
        const mayBeReset = brokeItsWord || (client.pipeline > 1 && client.readPause > 0);
        this.#entries.set(request.id, { request, client: client.address, mayBeReset, sent: 0, seen: 0, outcome: null });
      }
    }
    this.#races =
      scenario.origins.some((origin) => origin.idleTimeout < 60_000) ||
      scenario.clients.some((client) => client.requests.some((request) => request.response.ending === 'silent'));
  }

  /** The request of an id that has come to an origin; null when nobody sent it. */
  find(id: string): RequestPlan | null {
    return this.#entries.get(id)?.request ?? null;
  }

  /** How the request of this id ended; null: it has not. */
  outcomeOf(id: string): Outcome | null {
    return this.#entries.get(id)?.outcome ?? null;
  }

  sent(request: RequestPlan): void {
    this.#entry(request).sent++;
  }

  seen(request: RequestPlan, origin: string): void {
    const entry = this.#entry(request);
    entry.seen++;
    if (request.ghost) this.#journal.violate(`${request.id}, behind a request that said close, came to ${origin}`);
    if (request.malformed?.goodHead === false)
      this.#journal.violate(`${request.id} (${request.malformed.name}) came to ${origin}`);
    if (!isIdempotent(request.method) && entry.seen > entry.sent) {
      this.#journal.violate(
        `${request.method} ${request.id} was sent ${entry.sent} × and came ${entry.seen} × to origins`,
      );
    }
  }

  ended(request: RequestPlan, outcome: Outcome): void {
    const entry = this.#entry(request);
    this.#journal.count(outcome.kind === 'refused' ? `refused ${outcome.status}` : outcome.kind);
    this.#journal.note(`${request.id} ${JSON.stringify(outcome)}`);
    if (entry.outcome !== null) this.#journal.violate(`${request.id} ended twice`);
    entry.outcome = outcome;
    if (request.ghost) this.#journal.violate(`${request.id}, behind a request that said close, was answered`);
    else if (request.malformed !== null) this.#checkRefusal(request, outcome);
    else if (this.#scenario.strict) this.#checkAnswer(entry, outcome);
  }

  /** Compares what was logged with what was asked and got. Requests whose head was refused have a name of the proxy's. */
  checkLog(lines: readonly string[]): void {
    const logged = new Map<string, number>();
    for (const line of lines) {
      const entry = parseLogLine(line);
      if (entry === null) this.#journal.violate(`${line} is no log line`);
      else if (!MADE.test(entry.request_id)) {
        logged.set(entry.request_id, (logged.get(entry.request_id) ?? 0) + 1);
        this.#checkLogged(entry, entry.request_id);
      }
    }
    for (const [id, { outcome, sent }] of this.#entries) {
      const count = logged.get(id) ?? 0;
      if (count > sent) this.#journal.violate(`${id} was sent ${sent} × and logged ${count} ×`);
      if (count === 0 && outcome?.kind === 'answered') this.#journal.violate(`${id} was answered and not logged`);
    }
  }

  #checkLogged(line: LogLine, id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      this.#journal.violate(`${id} was logged and never sent`);
      return;
    }
    const { request, outcome, client } = entry;
    if (request.malformed !== null) return;
    if (line.failed_attempts?.includes('kept-closed')) this.#journal.count(`${request.method} sent again`);
    const logged = [line.client_ip, line.method, line.uri, line.protocol].join(' ');
    const sent = [client, request.method, writtenTarget(request), `HTTP/${request.version}`].join(' ');
    if (logged !== sent) this.#journal.violate(`${id} was sent as ${sent} and logged as ${logged}`);
    const got =
      outcome?.kind === 'answered' ? request.response.status : outcome?.kind === 'refused' ? outcome.status : 0;
    // A client that tried twice has two lines, and the outcome is of one of them.
    if (got !== 0 && entry.sent === 1 && line.status !== got) {
      this.#journal.violate(`${id} got ${got} and was logged with ${line.status}`);
    }
  }

  /** Call when every client is done. */
  close(): void {
    for (const { request, outcome } of this.#entries.values()) {
      if (outcome === null && !request.ghost) this.#journal.violate(`${request.id} never ended`);
    }
  }

  #checkRefusal(request: RequestPlan, outcome: Outcome): void {
    const refusals = request.malformed?.refusals ?? [];
    if (outcome.kind === 'answered') this.#journal.violate(`${request.id} (${request.malformed?.name}) was answered`);
    if (outcome.kind === 'refused' && !refusals.includes(outcome.status) && this.#scenario.strict) {
      this.#journal.violate(`${request.id} (${request.malformed?.name}) was refused with ${outcome.status}`);
    }
    if (outcome.kind === 'lost' && this.#scenario.strict && this.#scenario.stopsAfter === null) {
      this.#journal.violate(`${request.id} (${request.malformed?.name}) got no status: ${outcome.why}`);
    }
  }

  #checkAnswer({ request, mayBeReset, seen, sent }: Entry, outcome: Outcome): void {
    if (outcome.kind === 'answered' || (mayBeReset && outcome.kind === 'lost')) return;
    // Whoever stops may turn away what is not begun, but finishes what is.
    if (this.#scenario.stopsAfter !== null && (outcome.kind === 'refused' || seen < sent || sent === 0)) return;
    // What may not be sent twice cannot be saved when its connection is closed under it.
    const replayable = isIdempotent(request.method) && request.body.framing === 'none';
    if (this.#races && !replayable && outcome.kind === 'refused' && outcome.status === 502) return;
    const how = outcome.kind === 'refused' ? `was refused with ${outcome.status}` : `was lost: ${outcome.why}`;
    this.#journal.violate(`${request.method} ${request.id} ${how}, though nothing was broken`);
  }

  #entry(request: RequestPlan): Entry {
    const entry = this.#entries.get(request.id);
    if (entry === undefined) throw new Error(`${request.id} is not of this scenario`);
    return entry;
  }
}

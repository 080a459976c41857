import { isUpToDate } from '../store/migrate.ts';
import type { LeaderPlace, PostgresDatabase } from '../store/postgres/postgres-database.ts';
import { LeaderSession } from '../store/postgres/session.ts';
import type { PostgresSettings } from '../store/postgres/settings.ts';
import type { Role } from './role.ts';

/** Milliseconds between tries for the lock, or looks whether it is still held, when nothing is heard. */
const ROUND = 500;
/** Milliseconds between looks whether the server still answers, in a round that takes long. */
const LOOK = 5_000;

export interface LeadershipOptions {
  readonly settings: PostgresSettings;
  readonly database: PostgresDatabase;
  /** The session that the state was read with. */
  readonly session: LeaderSession;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Reads what other processes have written. */
  readonly follow: () => Promise<void>;
  readonly warn: (error: unknown, message: string) => void;
}

/** What a control plane has to do and to say when it leads. */
export interface Candidate {
  /** Where the others find the API of this one. */
  readonly place: () => LeaderPlace;
  /** The state is the newest, and no other process writes any more: what the leader has to know is read. */
  readonly prepare: () => Promise<void>;
  readonly elected: () => void;
  /** Another one may lead from now on: nothing is written any more. */
  readonly deposed: () => void;
}

/**
 * Tries to lead, and follows whoever does. The leader is who holds an advisory lock of the database, as long as the
 * connection lasts that took it; a leader that does not know yet that it has lost it cannot write: see
 * PostgresDatabase.transaction.
 */
export class Leadership implements Role {
  readonly #options: LeadershipOptions;
  #session: LeaderSession | null;
  #candidate: Candidate | null = null;
  #leads = false;
  #leader: LeaderPlace | null = null;
  #closed = false;
  #wake: () => void = () => {};
  #woken = false;
  #running: Promise<void> | null = null;
  #complaint = '';

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#session = options.session;
    this.#watch(options.session);
  }

  get leads(): boolean {
    return this.#leads;
  }

  get leader(): LeaderPlace | null {
    return this.#leader;
  }

  /** Resolves after the first round: this one leads, or knows who does. */
  async start(candidate: Candidate): Promise<void> {
    this.#candidate = candidate;
    await this.#round();
    this.#running = this.#run();
  }

  /** There may be something new. */
  readonly wake = (): void => {
    this.#woken = true;
    this.#wake();
  };

  /** Leads no longer, at once; another round decides who does. */
  readonly stepDown = (): void => {
    if (!this.#leads) return;
    this.#leads = false;
    this.#leader = null;
    this.#options.database.resign();
    this.#candidate?.deposed();
    const session = this.#session;
    this.#session = null;
    void session?.close();
    this.wake();
  };

  /** Gives the lock back, so that another one leads at once. */
  async close(): Promise<void> {
    this.#closed = true;
    this.wake();
    await this.#running;
    this.#leads = false;
    this.#options.database.resign();
    // A server that does not answer is not waited for, neither here nor by what is still to be written.
    await this.#session?.release().catch(() => this.#options.database.breakOff());
    await this.#session?.close();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      await this.#rest();
      if (!this.#closed) await this.#round();
    }
  }

  async #round(): Promise<void> {
    try {
      const session = this.#session ?? (await this.#connect());
      if (this.#leads) {
        await session.check();
        // What fails here is a disk that is full, or the like: it leads all the same, and tries again.
        await this.#move().catch((error) => this.#complain(error, 'followers could not be told where the leader is'));
        return;
      }
      if (await session.tryLock()) await this.#watched(session, () => this.#takeOver(session));
      else await this.#watched(session, () => this.#follow());
      this.#complaint = '';
    } catch (error) {
      this.#complain(error, 'the database does not answer as it should');
      this.#leader = null;
      this.#lose(this.#session);
    }
  }

  /** Once per reason: a database that is away for a night must not fill the log. */
  #complain(error: unknown, message: string): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason !== this.#complaint) this.#options.warn(error, message);
    this.#complaint = reason;
  }

  /** Carries out what has no end of its own: as long as the server answers, however much there is to read. */
  async #watched(session: LeaderSession, work: () => Promise<void>): Promise<void> {
    const looks = setInterval(() => session.check().catch(() => this.#lose(session)), LOOK);
    try {
      await work();
    } finally {
      clearInterval(looks);
    }
  }

  async #connect(): Promise<LeaderSession> {
    const session = await LeaderSession.open(this.#options.settings, this.wake);
    this.#session = session;
    this.#watch(session);
    return session;
  }

  async #takeOver(session: LeaderSession): Promise<void> {
    const { database, now, follow } = this.#options;
    const candidate = this.#candidate!;
    if (!(await isUpToDate(database.db))) throw new Error('the tables are of another version');
    const place = candidate.place();
    await database.lead(place, now(), async () => {
      await follow();
      await candidate.prepare();
    });
    // Lost meanwhile: the term has ended before it began.
    if (this.#session !== session || this.#closed) {
      database.resign();
      return;
    }
    this.#leads = true;
    this.#leader = place;
    candidate.elected();
  }

  /** The place where the others find the leader may be another one by now, or show another certificate. */
  async #move(): Promise<void> {
    const place = this.#candidate!.place();
    if (place.fingerprint === this.#leader?.fingerprint && place.address === this.#leader.address) return;
    await this.#options.database.moveTo(place);
    this.#complaint = '';
    if (this.#leads) this.#leader = place;
  }

  async #follow(): Promise<void> {
    const { database, follow } = this.#options;
    const place = await database.db.selectFrom('leadership').select(['address', 'fingerprint']).executeTakeFirst();
    this.#leader = place ?? null;
    await follow();
  }

  #watch(session: LeaderSession): void {
    session.lost.then(() => this.#lose(session));
  }

  #lose(session: LeaderSession | null): void {
    if (session === null || session !== this.#session) return;
    this.#options.database.breakOff();
    if (this.#leads) {
      this.stepDown();
    } else {
      this.#session = null;
      void session.close();
    }
  }

  /** Waits for a round: until something is heard, or for half a second. */
  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        // What a leader hears is what it has written itself.
        this.#woken = false;
        resolve();
      };
      const timer = setTimeout(end, ROUND);
      this.#wake = () => {
        if (!this.#leads || this.#closed) end();
      };
      if (this.#woken) this.#wake();
      this.#woken = false;
    });
  }
}

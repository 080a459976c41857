import type { FastifyRequest } from 'fastify';
import { Secret } from '../secrets/secret.ts';
import type { Vault } from '../secrets/vault.ts';

/** Names the client of a request that a follower has passed on. Sealed, so that nobody else can say it. */
export const PASSED_ON = 'evenkeel-passed-on';

/** Milliseconds that it is good for: more than a request takes, and clocks of hosts differ. */
const GOOD_FOR = 300_000;

/** Where a request came from before it was passed on. */
export interface Origin {
  /** Address of the client. */
  readonly source: string;
  /** Whether there was TLS to the client. */
  readonly secure: boolean;
}

interface Said extends Origin {
  /** Unix milliseconds. */
  readonly at: number;
}

type Asked = Pick<FastifyRequest, 'method' | 'url' | 'headers'>;

/** What control planes of one state tell each other of the clients whose requests they pass on. */
export class PassedOn {
  readonly #vault: Pick<Vault, 'seal' | 'open'>;
  readonly #now: () => number;

  /** `vault`: all of them have its key. `now` in Unix milliseconds. */
  constructor(vault: Pick<Vault, 'seal' | 'open'>, now: () => number) {
    this.#vault = vault;
    this.#now = now;
  }

  /** The value of the header; good for this request. */
  seal(request: Asked, { source, secure }: Origin): string {
    const said: Said = { source, secure, at: this.#now() };
    return this.#vault.seal(nameOf(request), new Secret(JSON.stringify(said)));
  }

  /** Null: the request was not passed on, whatever its header says. */
  open(request: Asked): Origin | null {
    const text = request.headers[PASSED_ON];
    if (typeof text !== 'string') return null;
    try {
      const { source, secure, at } = JSON.parse(this.#vault.open(nameOf(request), text).reveal()) as Said;
      return Math.abs(this.#now() - at) <= GOOD_FOR ? { source, secure } : null;
    } catch {
      // Made up, of another request, or of another installation.
      return null;
    }
  }
}

function nameOf({ method, url }: Asked): string {
  return `passed-on/${method} ${url}`;
}

import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that each connection waits between an answer and its next request. */
const THINK = 2;
/** Far more than an answer takes, on a busy machine as well. */
const TIMEOUT = 10_000;

/** Keep-alive clients that ask one URL again and again, and note every answer but 200. */
export class Traffic {
  readonly #url: string;
  readonly #clients: Promise<void>[];
  readonly #failures: string[] = [];
  #answered = 0;
  #lastAnswer = 0;
  #stopped = false;

  constructor(url: string, clients: number) {
    this.#url = url;
    this.#clients = Array.from({ length: clients }, () => this.#run());
  }

  /** Requests answered with 200. */
  get answered(): number {
    return this.#answered;
  }

  /** When the last of them was, in milliseconds as `performance.now` tells them. */
  get lastAnswer(): number {
    return this.#lastAnswer;
  }

  /** What each of the other requests came to. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #run(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopped) {
      const outcome = await ask(this.#url, agent);
      if (outcome === 200) {
        this.#answered++;
        this.#lastAnswer = performance.now();
      } else {
        this.#failures.push(String(outcome));
      }
      await sleep(THINK);
    }
    agent.destroy();
  }
}

/** The status of the answer, or why there was none for so many milliseconds. */
export function ask(url: string, agent?: Agent, timeout = TIMEOUT): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get(url, { agent: agent ?? false, timeout }, (response) => {
      response.resume();
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) => resolve(error.message));
  });
}

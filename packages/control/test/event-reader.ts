import type { TestContext } from 'node:test';
import type { Event } from '@evenkeel/model/resources/event.ts';
import type { Running } from './running.ts';

interface Message {
  readonly name: string;
  readonly id: string;
  readonly data: unknown;
}

/** Reads a stream of events over a real socket. */
export class EventReader {
  readonly status: number;
  readonly messages: Message[] = [];
  /** How often a comment came. */
  heartbeats = 0;
  readonly ended: Promise<void>;
  readonly #controller: AbortController;
  readonly #watchers = new Set<() => void>();

  static async open(
    t: TestContext,
    running: Running,
    {
      query = {},
      headers = {},
      token = running.adminToken,
    }: {
      readonly query?: Record<string, string>;
      readonly headers?: Record<string, string>;
      readonly token?: string;
    } = {},
  ): Promise<EventReader> {
    const controller = new AbortController();
    t.after(() => controller.abort());
    const response = await fetch(`${running.url}/v1/events/stream?${new URLSearchParams(query)}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: controller.signal,
    });
    return new EventReader(response, controller);
  }

  private constructor(response: Response, controller: AbortController) {
    this.status = response.status;
    this.#controller = controller;
    this.ended = this.#read(response).catch(() => {});
  }

  get events(): Event[] {
    return this.messages.filter(({ name }) => name.includes('.')).map(({ data }) => data as Event);
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    this.#controller.abort();
    await this.ended;
  }

  async #read(response: Response): Promise<void> {
    let rest = '';
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + part).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) this.#take(block);
      for (const look of [...this.#watchers]) look();
    }
  }

  #take(block: string): void {
    if (block.startsWith(':')) this.heartbeats++;
    const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)));
    if (fields['data'] === undefined) return;
    this.messages.push({ name: fields['event'] ?? '', id: fields['id'] ?? '', data: JSON.parse(fields['data']) });
  }
}

import { once } from 'node:events';

type Told = { readonly type: string; readonly version: number; readonly hash: string };

/** The agent's side of the stream, without a data plane: has every plan as soon as it has come, and says so. */
export class PlanReader {
  /** Of the newest plan that has come. */
  version = 0;
  readonly #socket: WebSocket;
  readonly #waiting: { readonly version: number; readonly resolve: () => void }[] = [];

  /** Resolves when it has the whole plan. */
  static async connect(url: string, token: string): Promise<PlanReader> {
    // The headers are an extension of Node's WebSocket.
    const init = { headers: { authorization: `Bearer ${token}` } };
    const socket = new WebSocket(`${url.replace('http', 'ws')}/agent/v1/stream`, init as unknown as string[]);
    await once(socket, 'open');
    const reader = new PlanReader(socket);
    const hello = { type: 'hello', node: 'bench', zone: '', software: 'bench', reactor: 'portable', workers: 1 };
    socket.send(JSON.stringify({ ...hello, version: 0, hash: '' }));
    await reader.has(1);
    return reader;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const told = JSON.parse(String(data)) as Told;
      if (told.type !== 'snapshot' && told.type !== 'delta') return;
      this.version = told.version;
      socket.send(JSON.stringify({ type: 'applied', version: told.version, refused: [] }));
      for (const waiting of this.#waiting.splice(0)) {
        if (waiting.version <= told.version) waiting.resolve();
        else this.#waiting.push(waiting);
      }
    });
  }

  /** Resolves when the plan of the version, or a later one, has come. */
  has(version: number): Promise<void> {
    if (this.version >= version) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ version, resolve }));
  }

  close(): void {
    this.#socket.close();
  }
}

import { HttpClient, type HttpClientOptions } from './http-client.ts';
import { type Reports, Tally } from './tally.ts';
import { WebSocketClient, type WebSocketClientOptions } from './web-socket-client.ts';

/**
 * A program that is a crowd of clients of several kinds. Its parent tells it by messages whom to play, when a phase
 * begins, and when to stop; it answers with reports.
 */
export type Kind =
  | ({ readonly name: string; readonly clients: number; readonly protocol: 'http' } & HttpClientOptions)
  | ({ readonly name: string; readonly clients: number; readonly protocol: 'websocket' } & WebSocketClientOptions);

export type Order =
  | { readonly order: 'play'; readonly kinds: readonly Kind[] }
  /** What comes from now on counts as another phase; answered with the reports of the one that has ended. */
  | { readonly order: 'phase' }
  /** The same once everybody has the answer to what was asked, and the program ends. */
  | { readonly order: 'stop' };

const tallies = new Map<string, Tally>();
const clients: (HttpClient | WebSocketClient)[] = [];
const runs: Promise<void>[] = [];

function play(kinds: readonly Kind[]): void {
  for (const kind of kinds) {
    const tally = () => tallies.get(kind.name) as Tally;
    tallies.set(kind.name, new Tally());
    for (let i = 0; i < kind.clients; i++) {
      const client = kind.protocol === 'http' ? new HttpClient(kind, tally) : new WebSocketClient(kind, tally);
      clients.push(client);
      runs.push(client.run());
    }
  }
}

function report(): Reports {
  const reports = Object.fromEntries([...tallies].map(([name, tally]) => [name, tally.report()]));
  for (const name of tallies.keys()) tallies.set(name, new Tally());
  return reports;
}

async function stop(): Promise<void> {
  for (const client of clients) client.stop();
  await Promise.all(runs);
  process.send?.(report(), () => process.exit(0));
}

process.on('message', (message: Order) => {
  switch (message.order) {
    case 'play':
      play(message.kinds);
      return;
    case 'phase':
      process.send?.(report());
      return;
    case 'stop':
      void stop();
  }
});
process.on('disconnect', () => process.exit(1));

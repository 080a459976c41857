import { Agent, get } from 'node:http';

/** One kept connection on which short requests are sent one after another. */
export class Poller {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Body of the answer to one request; rejects when it is not 200. */
  ask(): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = get(this.#url, { agent: this.#agent, timeout: 5_000 }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(body);
          else reject(new Error(`${this.#url} answered ${response.statusCode}`));
        });
      });
      request.on('timeout', () => request.destroy(new Error(`${this.#url} gave no answer within 5 s`)));
      request.on('error', reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { diffPlans } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { FromAgent, ReportedHealth, ToAgent } from '@evenkeel/model/plan/stream.ts';
import type { Identity } from '@evenkeel/testbed/certificates/issue.ts';
import { type WebSocket, WebSocketServer } from 'ws';

/** A control plane's end of the stream over a real WebSocket; a test plays its part. */
export class FakeControl {
  readonly #http: Server;
  readonly #ws: WebSocketServer;
  readonly #waiting: {
    readonly matches: (message: FromAgent) => boolean;
    readonly found: (message: FromAgent) => void;
  }[] = [];
  readonly received: FromAgent[] = [];
  /** What every node has said of its targets, newest last. */
  readonly health = new Map<string, ReportedHealth>();
  /** Sent in answer to each `hello`, as a snapshot. */
  plan: NodePlan | null = null;
  token = 'secret';
  streams = 0;
  socket: WebSocket | null = null;

  /** Requests that came with a token. */
  tokens = 0;
  readonly #scheme: string;

  private constructor(identity?: Identity) {
    this.#scheme = identity === undefined ? 'http' : 'https';
    this.#http =
      identity === undefined ? createServer() : createTlsServer({ cert: identity.certificate, key: identity.key });
    this.#http.on('request', (_request, response) => response.writeHead(404).end());
    this.#ws = new WebSocketServer({ noServer: true });
    this.#http.on('upgrade', (request, socket, head) => {
      if (request.headers.authorization !== undefined) this.tokens++;
      if (!this.#allows(request)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      this.#ws.handleUpgrade(request, socket, head, (client) => this.#accept(client));
    });
  }

  /** @param port 0 for any; `identity`: what it shows, if it speaks TLS */
  static async listen(port = 0, identity?: Identity): Promise<FakeControl> {
    const control = new FakeControl(identity);
    control.#http.listen(port, '127.0.0.1');
    await once(control.#http, 'listening');
    return control;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  send(message: ToAgent | string): void {
    this.socket?.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  sendSnapshot(plan: NodePlan): void {
    this.plan = plan;
    this.send({ type: 'snapshot', version: plan.version, hash: plan.hash, entries: [...plan.entries.values()] });
  }

  sendDelta(plan: NodePlan): void {
    const before = this.plan as NodePlan;
    this.plan = plan;
    this.send({ type: 'delta', ...diffPlans(before, plan) });
  }

  /** The next message of the type, counted from now, that also satisfies the condition. */
  next<Type extends FromAgent['type']>(
    type: Type,
    condition: (message: Extract<FromAgent, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<FromAgent, { type: Type }>> {
    type Wanted = Extract<FromAgent, { type: Type }>;
    return new Promise((resolve) => {
      this.#waiting.push({
        matches: (message) => message.type === type && condition(message as Wanted),
        found: (message) => resolve(message as Wanted),
      });
    });
  }

  /** Resolves when the node has applied this version. */
  applied(version: number): Promise<Extract<FromAgent, { type: 'applied' }>> {
    return this.next('applied', (message) => message.version === version);
  }

  /** Gone without a word, as by kill -9. */
  async kill(): Promise<void> {
    if (!this.#http.listening) return;
    for (const client of this.#ws.clients) client.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  #allows(request: IncomingMessage): boolean {
    return request.url === '/agent/v1/stream' && request.headers.authorization === `Bearer ${this.token}`;
  }

  #accept(client: WebSocket): void {
    this.streams++;
    this.socket = client;
    client.on('message', (data) => {
      const message = JSON.parse(data.toString()) as FromAgent;
      this.received.push(message);
      if (message.type === 'health') {
        for (const target of message.targets) this.health.set(`${target.serviceId}/${target.targetId}`, target);
      }
      if (message.type === 'hello' && this.plan !== null) this.sendSnapshot(this.plan);
      for (const waiting of this.#waiting.filter(({ matches }) => matches(message))) {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        waiting.found(message);
      }
    });
    client.on('error', () => undefined);
  }
}

import type { TestContext } from 'node:test';
import { contract, type OperationName } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { type ControlPlane, startControlPlane } from '../src/control-plane.ts';
import { type ControlPlaneOptions, parseOptions } from '../src/options.ts';
import { temporaryHome } from './home.ts';

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

interface CallArguments {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whose call it is; without it, that of the administrator of the installation. */
  readonly token?: string;
}

/** Networks for VPCs, which whoever runs an installation has to allow. */
const NETWORKS = ['--vpc-network', '10.0.0.0/8', '--vpc-network', 'fc00::/7'];

/** A control plane in this process on a free port, closed when the test has ended. */
export class Running {
  readonly home: string;
  readonly #options: ControlPlaneOptions;
  #plane: ControlPlane;

  static async start(t: TestContext, more: Partial<ControlPlaneOptions> = {}): Promise<Running> {
    const home = temporaryHome(t);
    const flags = ['--home', home, '--port', '0', '--log-level', 'silent', ...NETWORKS];
    const options = { ...parseOptions(flags, {})!, ...more };
    const running = new Running(home, options, await startControlPlane(options));
    t.after(() => running.#plane.close());
    return running;
  }

  private constructor(home: string, options: ControlPlaneOptions, plane: ControlPlane) {
    this.home = home;
    this.#options = options;
    this.#plane = plane;
  }

  get url(): string {
    return this.#plane.url;
  }

  get metricsUrl(): string {
    return this.#plane.metricsUrl;
  }

  /** Of the certificate that it shows; null: it has none. */
  get fingerprint(): string | null {
    return this.#plane.fingerprint;
  }

  get nodeToken(): string {
    return this.#plane.nodeToken;
  }

  get adminToken(): string {
    return this.#plane.adminToken;
  }

  /** Stops it and starts it on the same home; the address is another one. `meanwhile` runs while it is down. */
  async restart(meanwhile: () => void = () => {}, more: Partial<ControlPlaneOptions> = {}): Promise<void> {
    await this.#plane.close();
    meanwhile();
    this.#plane = await startControlPlane({ ...this.#options, ...more });
  }

  /** Sends a request as it is. The body of the answer is parsed when it is JSON. */
  async send(method: string, path: string, init: Omit<RequestInit, 'method'> = {}): Promise<Answer> {
    const response = await fetch(this.url + path, { method, ...init });
    const endless = response.headers.get('content-type') === 'text/event-stream';
    if (endless) await response.body?.cancel();
    const text = endless ? '' : await response.text();
    const json = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json && text !== '' ? JSON.parse(text) : text };
  }

  /** Carries out an operation of the contract as the administrator; throws when it does not succeed. */
  async call<K extends OperationName>(name: K, args: CallArguments = {}): Promise<ResponseOf<K>> {
    const answer = await this.try(name, args);
    if (answer.status >= 300) throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
    return answer.body as ResponseOf<K>;
  }

  /** The same, with whatever answer. */
  async try(name: OperationName, args: CallArguments = {}): Promise<Answer> {
    const route: Route = contract[name];
    const path = route.path.replace(/\{(\w+)\}/g, (_, parameter: string) => args.params?.[parameter] ?? 'missing');
    const query = new URLSearchParams(Object.entries(args.query ?? {}).map(([key, value]) => [key, String(value)]));
    const text = args.body === undefined ? null : JSON.stringify(args.body);
    return this.send(route.method, query.size === 0 ? path : `${path}?${query}`, {
      headers: {
        authorization: `Bearer ${args.token ?? this.adminToken}`,
        ...(text !== null && { 'content-type': 'application/json' }),
        ...args.headers,
      },
      body: text,
    });
  }

  /** The problem that the operation is refused with; throws when it is not refused. */
  async refused(name: OperationName, args: CallArguments = {}): Promise<Problem> {
    const answer = await this.try(name, args);
    if (answer.status < 400) throw new Error(`${name} was not refused: ${JSON.stringify(answer.body)}`);
    return answer.body as Problem;
  }
}

import { RequestHead } from '../http1/request-head.ts';
import { IpAddress } from '../source-address/ip-address.ts';
import type { RoutedRequest } from './condition/condition.ts';
import type { HostName } from './request/host-name.ts';
import type { RoutePlace } from './router.ts';

/** Whom a request is from; who asks for the address may make it be read. */
interface Addressed {
  readonly ip: IpAddress;
}

const NOBODY: Addressed = { ip: new IpAddress() };
const NO_HEAD = new RequestHead();

/** The request as the router sees it, for the length of one call. One object serves many requests. */
export class Routed implements RoutedRequest, RoutePlace {
  readonly memory: Uint8Array;
  head: RequestHead = NO_HEAD;
  queryStart = 0;
  queryEnd = 0;
  hostStart = 0;
  hostEnd = 0;
  pathStart = 0;
  pathEnd = 0;
  #client = NOBODY;

  constructor(memory: Uint8Array) {
    this.memory = memory;
  }

  /** The address of the client: few rules ask for it. */
  get client(): IpAddress {
    return this.#client.ip;
  }

  forget(): void {
    this.#client = NOBODY;
  }

  /** `pathEnd`: where the path ends, behind which there may be a query. */
  take(head: RequestHead, host: HostName, pathEnd: number, client: Addressed): void {
    this.head = head;
    this.#client = client;
    this.queryStart = Math.min(pathEnd + 1, head.targetEnd);
    this.queryEnd = head.targetEnd;
    this.hostStart = host.start;
    this.hostEnd = host.end;
    this.pathStart = head.pathStart;
    this.pathEnd = pathEnd;
  }
}

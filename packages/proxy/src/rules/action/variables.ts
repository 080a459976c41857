import { HEADER_VARIABLES, type HeaderVariable } from '@evenkeel/model/plan/header-variables.ts';
import type { RequestHead } from '../../http1/request-head.ts';
import type { TlsFacts } from '../../source-address/proxy-protocol/compose.ts';
import type { RequestIds } from '../../telemetry/request-ids.ts';
import type { HostName } from '../request/host-name.ts';

/** A request id that a client sends is taken over up to this length, in bytes. */
const MAX_REQUEST_ID = 128;

/** What variables tell of the client. */
export interface VariableClient {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly tls: TlsFacts | null;
}

/** Variables whose values are words of the request, which lie there only until its head is changed. */
const OF_REQUEST: readonly HeaderVariable[] = ['host', 'method', 'path', 'request_id'];

/** The values that variables in headers have for one request. One object serves many requests. */
export class VariableValues {
  /** Number of the identifier that was made for this request; 0: none was. */
  id = 0;
  readonly #ids: RequestIds;
  #client: VariableClient | null = null;
  #host = '';
  #method = '';
  #path = '';
  #requestId = '';

  constructor(ids: RequestIds) {
    this.#ids = ids;
  }

  forget(): void {
    this.#client = null;
  }

  /** Takes what `wanted` names; `pathEnd` is where the path ends in `memory`; `id` as in the field of that name. */
  take(
    wanted: ReadonlySet<HeaderVariable>,
    client: VariableClient,
    memory: Uint8Array,
    head: RequestHead,
    host: HostName,
    pathEnd: number,
    id: number,
  ): void {
    this.#client = client;
    this.id = id;
    for (const variable of OF_REQUEST) {
      if (!wanted.has(variable)) continue;
      if (variable === 'host') this.#host = textOf(memory, host.start, host.end);
      else if (variable === 'method') this.#method = textOf(memory, head.methodStart, head.methodEnd);
      else if (variable === 'path') this.#path = textOf(memory, head.pathStart, pathEnd);
      else this.#requestId = this.#requestIdOf(memory, head);
    }
  }

  /** Of bytes that a field value may hold, one character each; empty for what there is not. */
  of(variable: HeaderVariable): string {
    const client = this.#client;
    if (client === null) return '';
    switch (variable) {
      case 'client_address':
        return client.remoteAddress;
      case 'client_certificate_fingerprint':
        return client.tls?.certificate?.fingerprint ?? '';
      case 'client_certificate_issuer':
        return visible(client.tls?.certificate?.issuer ?? '');
      case 'client_certificate_serial':
        return client.tls?.certificate?.serialNumber ?? '';
      case 'client_certificate_subject':
        return visible(client.tls?.certificate?.subject ?? '');
      case 'client_certificate_verify':
        return visible(client.tls?.certificate?.verifyResult ?? '');
      case 'client_port':
        return client.remotePort === 0 ? '' : String(client.remotePort);
      case 'host':
        return this.#host;
      case 'listener_address':
        return client.localAddress;
      case 'listener_port':
        return String(client.localPort);
      case 'method':
        return this.#method;
      case 'path':
        return this.#path;
      case 'protocol':
        return client.tls === null ? 'http' : 'https';
      case 'request_id':
        return this.#requestId;
      case 'tls_cipher':
        return visible(client.tls?.cipher ?? '');
      case 'tls_server_name':
        return visible(client.tls?.serverName ?? '');
      case 'tls_version':
        return visible(client.tls?.version ?? '');
    }
  }

  #requestIdOf(memory: Uint8Array, { requestId, fields }: RequestHead): string {
    if (this.id !== 0) return this.#ids.text(this.id);
    if (requestId < 0) return this.#make();
    const start = fields.valueStart(requestId);
    const end = fields.valueEnd(requestId);
    return end > start && end - start <= MAX_REQUEST_ID ? textOf(memory, start, end) : this.#make();
  }

  #make(): string {
    this.id = this.#ids.next();
    return this.#ids.text(this.id);
  }
}

export function isHeaderVariable(name: string): name is HeaderVariable {
  return (HEADER_VARIABLES as readonly string[]).includes(name);
}

function textOf(memory: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(memory[at]!);
  return text;
}

/** What a handshake has said, if a field value can hold it. */
function visible(text: string): string {
  return /^[ -~]*$/.test(text) ? text : '';
}

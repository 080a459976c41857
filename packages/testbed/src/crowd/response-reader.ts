/** The answer to one request, as a client with a parser of its own sees it. */
export interface Response {
  readonly status: number;
  /** By name in lower case; the last one of a name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Reads one response with a Content-Length after the other; it is strict, as it is there to find fault. */
export class ResponseReader {
  #held = '';

  /** Bytes of a response that has begun. */
  get held(): number {
    return this.#held.length;
  }

  /** Returns the response that these bytes complete, or null. Throws when what came is no such response. */
  read(bytes: Buffer): Response | null {
    this.#held += bytes.toString('latin1');
    const end = this.#held.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const [line, ...fields] = this.#held.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
    const headers = new Map(fields.map((field) => [field.split(':', 1)[0].toLowerCase(), valueOf(field)]));
    const length = Number(headers.get('content-length'));
    if (Number.isNaN(status) || Number.isNaN(length)) throw new Error(`no answer that could be read: ${line}`);
    const whole = end + 4 + length;
    if (this.#held.length < whole) return null;
    const response = { status, headers, body: this.#held.slice(end + 4, whole) };
    this.#held = this.#held.slice(whole);
    return response;
  }
}

function valueOf(field: string): string {
  return field.slice(field.indexOf(':') + 1).trim();
}

/** Methods that the proxy tells apart (RFC 9110 section 9); `other` is any other token, which is passed on as it is. */
export const Method = {
  other: 0,
  get: 1,
  head: 2,
  post: 3,
  put: 4,
  delete: 5,
  options: 6,
  patch: 7,
  trace: 8,
  connect: 9,
} as const;
export type Method = (typeof Method)[keyof typeof Method];

/** Methods are case-sensitive. memory[start, end) is a token. */
export function methodOf(memory: Uint8Array, start: number, end: number): Method {
  switch (end - start) {
    case 3:
      if (is(memory, start, 'GET')) return Method.get;
      return is(memory, start, 'PUT') ? Method.put : Method.other;
    case 4:
      if (is(memory, start, 'POST')) return Method.post;
      return is(memory, start, 'HEAD') ? Method.head : Method.other;
    case 5:
      if (is(memory, start, 'PATCH')) return Method.patch;
      return is(memory, start, 'TRACE') ? Method.trace : Method.other;
    case 6:
      return is(memory, start, 'DELETE') ? Method.delete : Method.other;
    case 7:
      if (is(memory, start, 'OPTIONS')) return Method.options;
      return is(memory, start, 'CONNECT') ? Method.connect : Method.other;
    default:
      return Method.other;
  }
}

function is(memory: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (memory[start + i] !== name.charCodeAt(i)) return false;
  return true;
}

/** Whether sending the request twice means the same as once (RFC 9110 section 9.2.2). */
export function isIdempotent(method: Method): boolean {
  return (
    method === Method.get ||
    method === Method.head ||
    method === Method.put ||
    method === Method.delete ||
    method === Method.options
  );
}

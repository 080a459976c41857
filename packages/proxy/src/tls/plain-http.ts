const SPACE = 0x20;
const A = 0x41;
const Z = 0x5a;
const SHORTEST_METHOD = 3;
const LONGEST_METHOD = 20;

/** Whether memory[start, end) clearly begins a request of HTTP/1: a method, as all are in capitals, and the space behind it. */
export function beginsPlainHttp(memory: Uint8Array, start: number, end: number): boolean {
  const most = Math.min(end, start + LONGEST_METHOD + 1);
  let at = start;
  while (at < most && memory[at]! >= A && memory[at]! <= Z) at++;
  return at - start >= SHORTEST_METHOD && at < most && memory[at] === SPACE;
}

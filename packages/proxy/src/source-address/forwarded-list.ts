const QUOTE = 34;
const BACKSLASH = 92;

/** Whether memory[start, end) ends outside of quotes (RFC 9110 section 5.6.4), so that a list can go on behind it. */
export function endsBetweenElements(memory: Uint8Array, start: number, end: number): boolean {
  let quoted = false;
  for (let at = start; at < end; at++) {
    if (memory[at] === QUOTE) quoted = !quoted;
    else if (quoted && memory[at] === BACKSLASH) at++;
  }
  return !quoted;
}

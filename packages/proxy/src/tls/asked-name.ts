const COLON = 0x3a;
const BRACKET = 0x5b;
const MAX_NAME = 253;

/** The host of memory[start, end), a Host field, as `nameOfHost` has it. */
export function askedName(memory: Uint8Array, start: number, end: number): string {
  if (start === end || memory[start] === BRACKET) return '';
  let name = '';
  for (let at = start; at < end && memory[at] !== COLON; at++) name += String.fromCharCode(memory[at]!);
  return nameOfHost(name);
}

/**
 * A host as a name to ask a target for: without the port, in lower case. Empty when it is no name and no IPv4 address.
 */
export function nameOfHost(host: string): string {
  const name = host.replace(/:.*$/s, '');
  return name.length <= MAX_NAME && /^[\w-]+(\.[\w-]+)*$/.test(name) ? name.toLowerCase() : '';
}

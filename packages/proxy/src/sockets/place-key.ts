/** By what an address and port are found. */
export function placeKey(address: string, port: number): string {
  return `${address} ${port}`;
}

import koffi from 'koffi';

/** The functions of the C library that this folder uses, by their names there. What fails returns -1; `lastError` says why. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  bind(descriptor: number, address: Uint8Array, length: number): number;
  send(descriptor: number, buffer: Uint8Array, length: number, flags: number): number;
  recv(descriptor: number, buffer: Uint8Array, length: number, flags: number): number;
  ioctl(descriptor: number, request: number, argument: Uint8Array): number;
  close(descriptor: number): number;
}

const SIGNATURES: Record<keyof Libc, string> = {
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, const void *, uint32_t)',
  send: 'int64_t send(int, const void *, size_t, int)',
  recv: 'int64_t recv(int, void *, size_t, int)',
  ioctl: 'int ioctl(int, unsigned long, void *)',
  close: 'int close(int)',
};

let loaded: Libc | null = null;

/** The C library of this process, looked up when it is first asked for. */
export function libc(): Libc {
  if (loaded !== null) return loaded;
  const library = koffi.load(null);
  const functions = Object.entries(SIGNATURES).map(([name, signature]) => [name, library.func(signature)]);
  loaded = Object.fromEntries(functions) as Libc;
  return loaded;
}

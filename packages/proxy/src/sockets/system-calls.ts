import { close } from '../reactor/ffi/libc.ts';
import { isListening, localEndpoint, openListening, stopListening } from '../reactor/ffi/sockets.ts';
import type { SocketCalls } from './listener-sockets.ts';

/** Listening sockets of this system. */
export const systemCalls: SocketCalls = {
  open: openListening,
  close(descriptor) {
    // Whoever else has the socket must not go on listening: the address is to be free.
    stopListening(descriptor);
    close(descriptor);
  },
  leave: close,
  endpointOf: localEndpoint,
  isListening,
};

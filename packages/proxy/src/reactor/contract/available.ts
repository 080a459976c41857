import { networkInterfaces } from 'node:os';
import { createReactor } from '../choose.ts';
import { whyNotTransparent } from '../ffi/sockets.ts';

/** Why tests of the uring reactor are left out on this machine; false where it runs. */
export const withoutUring: string | false = (() => {
  try {
    void createReactor('uring', { buffers: 16 }).reactor.destroy();
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
})();

/** Why tests that send from foreign addresses are left out; false where they can run. */
export const withoutPrivileges: string | false = (() => {
  const code = whyNotTransparent();
  return code === null ? false : `sockets may not send from foreign addresses: ${code}`;
})();

/** Why tests that need ::1 are left out on this machine; false where it is there. */
export const withoutIPv6: string | false = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)
  ? false
  : 'this machine has no ::1';

import { Mapping } from '../../reactor/ffi/mapping.ts';
import { ASN1_TIME_diff } from './openssl.ts';

const DAY = 86_400_000;

/** Days and seconds, for OpenSSL to write. */
const written = Mapping.anonymous(8);
const numbers = new DataView(written.bytes);

/**
 * The time at an address (ASN1_TIME), in Unix milliseconds; one that is missing or cannot be read has passed. OpenSSL's
 * present is a whole second.
 */
export function unixTime(time: number): number {
  if (time === 0 || ASN1_TIME_diff(written.address, written.address + 4, 0, time) !== 1) return 0;
  return Math.floor(Date.now() / 1000) * 1000 + numbers.getInt32(0, true) * DAY + numbers.getInt32(4, true) * 1000;
}

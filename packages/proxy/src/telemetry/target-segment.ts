import { type AsciiSegment, asciiJson, asciiSegment } from './ascii-segment.ts';

/** What the log says of a target and of its service, between the quotes of the first and the last. */
export function targetSegment(address: string, port: number, serviceId: string): AsciiSegment {
  const name = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return asciiSegment(`${name}","service":${asciiJson(serviceId).slice(0, -1)}`);
}

/** Where none was tried. */
export const NO_TARGET: AsciiSegment = asciiSegment('","service":"');

import { createReadStream } from 'node:fs';

const NEWLINE = 0x0a;
/** Bytes that are read at a time. */
const CHUNK = 256 * 1024;

/**
 * Hands each line of a file to `line`, without its end, and what stands behind the last end to `rest`, when there is
 * something. Resolves with the bytes of the file; rejects when it cannot be read.
 */
export async function readLines(path: string, line: (text: Buffer) => void, rest: () => void): Promise<number> {
  let length = 0;
  /** Of the line that goes on in the next chunk. */
  let begun: Buffer[] = [];
  for await (const read of createReadStream(path, { highWaterMark: CHUNK })) {
    const chunk: Buffer = read;
    length += chunk.length;
    let at = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      const last = chunk.subarray(at, end);
      line(begun.length === 0 ? last : Buffer.concat([...begun, last]));
      begun = [];
      at = end + 1;
    }
    if (at < chunk.length) begun.push(chunk.subarray(at));
  }
  if (begun.length > 0) rest();
  return length;
}

const SECTION_HEADER_OFFSET = 40;
const SECTION_HEADER_SIZE = 58;
const SECTION_COUNT = 60;
const NAMES_INDEX = 62;
const NO_BITS = 8;

/**
 * The sections of a little-endian ELF64 file that make up what a program does: code, data, map definitions and
 * relocations, by name. Type and line information is left out, because it repeats the kernel's headers and so differs
 * from one system to the next.
 */
export function meaningfulSections(file: Buffer): Map<string, Buffer> {
  const table = Number(file.readBigUInt64LE(SECTION_HEADER_OFFSET));
  const size = file.readUInt16LE(SECTION_HEADER_SIZE);
  const section = (index: number) => {
    const at = table + index * size;
    const offset = Number(file.readBigUInt64LE(at + 24));
    const length = file.readUInt32LE(at + 4) === NO_BITS ? 0 : Number(file.readBigUInt64LE(at + 32));
    return { name: file.readUInt32LE(at), bytes: file.subarray(offset, offset + length) };
  };
  const names = section(file.readUInt16LE(NAMES_INDEX)).bytes;
  const found = new Map<string, Buffer>();
  for (let index = 1; index < file.readUInt16LE(SECTION_COUNT); index++) {
    const { name, bytes } = section(index);
    const text = names.toString('latin1', name, names.indexOf(0, name));
    if (/^(\.text|\.maps|\.rodata.*|\.data.*|license|xdp.*|tc.*)$/.test(text)) found.set(text, bytes);
  }
  return found;
}

import { madvise, mmap, munmap, SystemError, viewMemory } from './libc.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MAP_POPULATE = 0x8000;
const MADV_DONTNEED = 4;
/** Since Linux 5.14. */
const MADV_POPULATE_WRITE = 23;
const PAGE = 4096;

/** Unmaps memory when no view of it can be reached any more, so that no access can meet a hole. */
const unmapper = new FinalizationRegistry<{ address: number; size: number }>(({ address, size }) => {
  munmap(address, size);
});

/** Memory outside of the garbage-collected heap: it has an address and never moves. */
export class Mapping {
  readonly address: number;
  readonly size: number;
  readonly bytes: ArrayBuffer;

  private constructor(size: number, flags: number, descriptor: number, offset: number) {
    this.address = mmap(0, size, PROT_READ_WRITE, flags, descriptor, offset);
    if (this.address === -1) throw new SystemError(`mmap of ${size} bytes`);
    this.size = size;
    this.bytes = viewMemory(this.address, size);
    unmapper.register(this.bytes, { address: this.address, size }, this);
  }

  /** Zeroed memory that the system provides page by page when it is touched. */
  static anonymous(size: number): Mapping {
    return new Mapping(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }

  /** Memory shared with the kernel through a descriptor. */
  static shared(size: number, descriptor: number, offset: number): Mapping {
    return new Mapping(size, MAP_SHARED | MAP_POPULATE, descriptor, offset);
  }

  /** Unmaps the memory now. The caller has made sure that nobody uses `bytes` any more: it would crash the process. */
  unmap(): void {
    unmapper.unregister(this);
    munmap(this.address, this.size);
  }

  /** Has the system provide the pages that [start, end) touches now. Where it cannot, they come when they are used. */
  populate(start: number, end: number): void {
    const from = Math.floor(start / PAGE) * PAGE;
    madvise(this.address + from, Math.min(Math.ceil(end / PAGE) * PAGE, this.size) - from, MADV_POPULATE_WRITE);
  }

  /** Gives the pages of anonymous memory back to the system at once; it reads as zeros afterwards. */
  discard(): void {
    madvise(this.address, this.size, MADV_DONTNEED);
  }
}

/** What is to be done when an object cannot be reached any more. */
const registry = new FinalizationRegistry<() => void>((free) => free());

/**
 * Has `free` called some time after `owner` has become unreachable: for what OpenSSL keeps on behalf of objects that
 * several connections may hold, none of which knows that it is the last. `free` must not refer to `owner`.
 */
export function freeWhenCollected(owner: object, free: () => void): void {
  registry.register(owner, free);
}

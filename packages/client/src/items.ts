interface ListArguments {
  readonly query?: { readonly cursor?: string; readonly limit?: number };
  readonly signal?: AbortSignal;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * Every object of a list, page by page as they are needed:
 * `for await (const listener of items(client.listListeners, { query: { loadBalancerId } }))`.
 */
export async function* items<A extends ListArguments | undefined, T>(
  list: (args: A) => Promise<Page<T>>,
  args: NoInfer<Exclude<A, undefined>>,
): AsyncGenerator<T> {
  let next: A = args;
  for (;;) {
    const page = await list(next);
    yield* page.items;
    if (page.nextCursor === null) return;
    next = { ...args, query: { ...args.query, cursor: page.nextCursor } };
  }
}

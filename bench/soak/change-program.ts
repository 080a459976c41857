import { createClient } from '@evenkeel/client/client.ts';
import { waitApplied } from '@evenkeel/client/wait.ts';
import { type Changeable, RandomChanges } from './random-changes.ts';

/**
 * A program that makes changes through the API, one after the other, as its parent orders them by messages; it answers
 * each when the node runs it. Not the parent itself, so that what it takes to ask for a change, which nobody does on a
 * node, can have less of the processors than what is measured.
 */
export type ChangeOrder =
  | {
      readonly order: 'begin';
      readonly url: string;
      readonly token: string;
      readonly seed: number;
      readonly changeable: Changeable;
    }
  | { readonly order: 'next' };
/** `made`: how many there were of each kind. */
export type ChangeWord = { readonly made: Readonly<Record<string, number>> } | { readonly failed: string };

const PATIENCE = 30_000;

let client: ReturnType<typeof createClient> | null = null;
let changes: RandomChanges | null = null;

async function carryOut(message: ChangeOrder): Promise<void> {
  if (message.order === 'begin') {
    const { url, token, changeable, seed } = message;
    client = createClient({ url, token });
    changes = await RandomChanges.begin(client, changeable, seed);
    return;
  }
  if (client === null || changes === null) throw new Error('begin comes first');
  const { operationId } = await changes.next();
  const operation = await waitApplied(client, operationId, { timeout: PATIENCE });
  if (operation.status !== 'applied') throw new Error(`not applied: ${JSON.stringify(operation)}`);
}

process.on('message', async (message: ChangeOrder) => {
  try {
    await carryOut(message);
    tell({ made: Object.fromEntries(changes?.made ?? []) });
  } catch (error) {
    tell({ failed: (error as Error).message });
  }
});
process.on('disconnect', () => process.exit(0));

function tell(word: ChangeWord): void {
  process.send?.(word);
}

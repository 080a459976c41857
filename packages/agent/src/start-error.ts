/** Something that keeps the node agent from starting; the message is one sentence with the remedy. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

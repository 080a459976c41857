/** Protocol code has broken a rule of the reactor's contract, or the simulation cannot go on. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

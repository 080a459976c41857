/**
 * One cycle of a smooth weighted round robin over candidates of the given weights: each comes weight / gcd times, as
 * evenly spread as whole turns allow.
 *
 * With share s = weight / sum, a candidate's k-th turn (k from 0) falls into the window from k / s to (k + 1) / s, and
 * among those whose window is open the one that closes first has the turn. Unit jobs in such windows always fit
 * (Baruah et al., "Proportionate progress", 1996), so that after t turns no candidate is a whole turn away from t × s.
 *
 * `owed` moves a candidate's windows: by how many turns it is behind (> 0) or ahead (< 0), by less than one. A schedule
 * goes on smoothly that way when the candidates change.
 *
 * Cost: O(L log n) time for a cycle of L turns, L <= sum of the weights.
 */
export function smoothSequence(weights: ArrayLike<number>, owed: ArrayLike<number>): number[] {
  const count = weights.length;
  const unit = commonDivisor(weights);
  let length = 0;
  for (let c = 0; c < count; c++) length += weights[c]! / unit;
  const sequence = new Array<number>(length).fill(0);
  const turns = new Float64Array(count);
  const closes = new Float64Array(count);
  const open = new OpenWindows(closes);
  // Candidates by the turn in which their next window opens: a list per turn, linked through `after`.
  const opening = new Int32Array(length).fill(-1);
  const after = new Int32Array(count).fill(-1);

  const plan = (candidate: number, now: number): void => {
    const weight = weights[candidate]! / unit;
    const done = turns[candidate]! - owed[candidate]!;
    closes[candidate] = Math.ceil(((done + 1) * length) / weight);
    const opens = Math.floor((done * length) / weight);
    if (opens <= now) open.add(candidate);
    else {
      after[candidate] = opening[opens]!;
      opening[opens] = candidate;
    }
  };

  for (let c = 0; c < count; c++) plan(c, -1);
  let now = -1;
  for (let turn = 0; turn < length; turn++) {
    // With windows that were moved, a turn may find none open: then the next to open is drawn forward.
    while (now < turn || open.empty) {
      now++;
      for (let c = opening[now]!; c >= 0; c = after[c]!) open.add(c);
    }
    const candidate = open.takeFirst();
    sequence[turn] = candidate;
    turns[candidate]!++;
    if (turns[candidate]! < weights[candidate]! / unit) plan(candidate, now);
  }
  return sequence;
}

/** Greatest common divisor of weights > 0; 1 for none. */
function commonDivisor(weights: ArrayLike<number>): number {
  let divisor = weights[0] ?? 1;
  for (let i = 1; i < weights.length; i++) {
    for (let rest = weights[i]!; rest > 0; ) [divisor, rest] = [rest, divisor % rest];
  }
  return divisor;
}

/** A binary heap of candidates: the window that closes first on top, among equals the lower candidate. */
class OpenWindows {
  readonly #closes: Float64Array;
  readonly #heap: number[] = [];

  constructor(closes: Float64Array) {
    this.#closes = closes;
  }

  get empty(): boolean {
    return this.#heap.length === 0;
  }

  add(candidate: number): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(candidate);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(candidate, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = candidate;
  }

  takeFirst(): number {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  #before(a: number, b: number): boolean {
    const difference = this.#closes[a]! - this.#closes[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }
}

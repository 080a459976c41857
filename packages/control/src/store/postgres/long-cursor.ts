import type Cursor from 'pg-cursor';

/** What the driver puts on a query when it sets its time limit; calling it takes that back. */
interface Timed {
  callback?: () => void;
}

/**
 * Cursors without the driver's time limit for queries: it holds from the first row to the last, and would cut off whoever
 * reads long; and its timer is never taken back, so that a process that has read could not end before. A server that falls
 * silent meanwhile is noticed by the session of whoever leads, and by the system's own limits: see connections.ts.
 */
export function longCursor(plain: typeof Cursor): typeof Cursor {
  return class LongCursor<Row> extends plain<Row> {
    constructor(...args: ConstructorParameters<typeof Cursor>) {
      super(...args);
      const submit = this.submit;
      this.submit = (connection) => {
        (this as Timed).callback?.();
        submit.call(this, connection);
      };
    }
  };
}

/** The place of a connection in a list of kept ones. */
export class KeptPlace<Connection> {
  readonly connection: Connection;
  /** null: in none. */
  list: KeptList<Connection> | null = null;
  newer: KeptPlace<Connection> | null = null;
  older: KeptPlace<Connection> | null = null;

  constructor(connection: Connection) {
    this.connection = connection;
  }
}

/** Kept connections by how long they have waited. Any one of them can go at any time, at the same small cost. */
export class KeptList<Connection> {
  newest: KeptPlace<Connection> | null = null;
  oldest: KeptPlace<Connection> | null = null;
  count = 0;

  /** Puts a connection that begins to wait in; it must be in no list. */
  push(place: KeptPlace<Connection>): void {
    const { newest } = this;
    place.list = this;
    place.older = newest;
    if (newest === null) this.oldest = place;
    else newest.newer = place;
    this.newest = place;
    this.count++;
  }

  /** Takes one of the list's places out. */
  remove(place: KeptPlace<Connection>): void {
    const { newer, older } = place;
    if (newer === null) this.newest = older;
    else newer.older = older;
    if (older === null) this.oldest = newer;
    else older.newer = newer;
    place.list = place.newer = place.older = null;
    this.count--;
  }
}

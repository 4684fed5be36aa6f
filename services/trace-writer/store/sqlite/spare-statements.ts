import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Statements that are prepared once and used again: to prepare a search takes as long as to read ten of its traces. */
export interface SpareStatements {
  /** One of that text that nobody else uses. */
  take(sql: string): StatementSync;
  /** Nobody walks through it any more. */
  giveBack(sql: string, statement: StatementSync): void;
}

/** Searches differ in few ways, since what they ask for is a parameter. Of more those go that were used longest ago. */
const SPARE_MAX = 64;

/** None is prepared yet. */
export function createSpareStatements(db: DatabaseSync): SpareStatements {
  const spare = new Map<string, StatementSync>();
  return {
    take(sql) {
      const found = spare.get(sql);
      spare.delete(sql);
      return found ?? db.prepare(sql);
    },
    giveBack(sql, statement) {
      spare.delete(sql);
      spare.set(sql, statement);
      for (const oldest of spare.keys()) {
        if (spare.size <= SPARE_MAX) break;
        spare.delete(oldest);
      }
    },
  };
}

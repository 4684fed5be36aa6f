import type fc from "fast-check";

/** A parser, what it is given, and what it promises of anything that it is given. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs as bytes, whatever the parser makes of them: so any can be saved, and tried again. */
  readonly inputs: fc.Arbitrary<Buffer>;
  /** Has the parser read an input. Throws or rejects when it breaks a promise. */
  check(input: Buffer): void | Promise<void>;
}

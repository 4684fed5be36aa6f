import fc from "fast-check";

/** Stands for payload in inputs. No error may quote it. */
export const CANARY = "c4n/4ry";

/** A change of bytes, at places that are shares of their length, so that one fits inputs of any length. */
type Mutation = (bytes: Buffer) => Buffer;

const MUTATIONS_MAX = 6;
/** What a doubled piece may come to at the most, in bytes. */
const GROWN_BYTES_MAX = 256 * 1024;
/** What breaks many a parser, whatever it parses. */
const EVERYWHERE = [
  "",
  "\0",
  "\uFEFF",
  "\u2028",
  "\ud800",
  "-0",
  "1e999",
  "9".repeat(40),
  "null",
  "[",
  "{",
  '"',
  "\\",
  "\n",
  "\r",
  CANARY,
];

const share = fc.double({ min: 0, max: 1, noNaN: true });

/**
 * Inputs that are almost right: those of a corpus, each changed in up to six ways (bits flipped, pieces left out,
 * doubled many times, or put elsewhere, words of the language put in), and now and then any bytes at all.
 */
export function mutated(corpus: readonly (string | Uint8Array)[], words: readonly string[] = []): fc.Arbitrary<Buffer> {
  const seeds = corpus.map((seed) => Buffer.from(seed));
  const mutation = fc.oneof(
    fc.tuple(share, fc.nat(255)).map(flipped),
    fc.tuple(share, share).map(leftOut),
    fc.tuple(share, share, fc.constantFrom(1, 2, 3, 10, 1000)).map(repeated),
    fc.tuple(share, share, share).map(moved),
    fc.tuple(share, fc.constantFrom(...EVERYWHERE, ...words)).map(putIn),
    fc.tuple(share, fc.constantFrom(...seeds)).map(spliced),
  );
  const changed = fc
    .tuple(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: MUTATIONS_MAX }))
    .map(([seed, mutations]) => mutations.reduce<Buffer>((bytes, mutate) => mutate(bytes), seed));
  const anything = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof({ weight: 19, arbitrary: changed }, { weight: 1, arbitrary: anything });
}

const placeIn = (bytes: Buffer, at: number) => Math.floor(at * bytes.length);
const between = (bytes: Buffer, a: number, b: number) =>
  [placeIn(bytes, Math.min(a, b)), placeIn(bytes, Math.max(a, b))] as const;

function flipped([at, bits]: readonly [number, number]): Mutation {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    const place = placeIn(bytes, at);
    if (place < changed.length) changed.writeUInt8((changed[place] ?? 0) ^ bits, place);
    return changed;
  };
}

function leftOut([a, b]: readonly [number, number]): Mutation {
  return (bytes) => {
    const [from, to] = between(bytes, a, b);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  };
}

function repeated([a, b, times]: readonly [number, number, number]): Mutation {
  return (bytes) => {
    const [from, to] = between(bytes, a, b);
    const piece = bytes.subarray(from, to);
    const most = Math.floor(GROWN_BYTES_MAX / Math.max(1, piece.length));
    const pieces = Array.from({ length: Math.min(times, most) }, () => piece);
    return Buffer.concat([bytes.subarray(0, to), ...pieces, bytes.subarray(to)]);
  };
}

function moved([a, b, at]: readonly [number, number, number]): Mutation {
  return (bytes) => {
    const [from, to] = between(bytes, a, b);
    const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    const place = placeIn(rest, at);
    return Buffer.concat([rest.subarray(0, place), bytes.subarray(from, to), rest.subarray(place)]);
  };
}

function putIn([at, word]: readonly [number, string]): Mutation {
  return (bytes) => {
    const place = placeIn(bytes, at);
    return Buffer.concat([bytes.subarray(0, place), Buffer.from(word), bytes.subarray(place)]);
  };
}

function spliced([at, other]: readonly [number, Buffer]): Mutation {
  return (bytes) => Buffer.concat([bytes.subarray(0, placeIn(bytes, at)), other.subarray(placeIn(other, at))]);
}

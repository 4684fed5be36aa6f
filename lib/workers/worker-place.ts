/** Which of a service's worker processes this is. */
export interface WorkerPlace {
  /** From 0. */
  readonly number: number;
  /** How many there are. */
  readonly count: number;
}

/** The metadata that tells who opens a stream which worker it is on, in the words of {@link placeText}. */
export const WORKER_METADATA = "x-twinspan-worker";

/** A service that is one process. */
export const ALONE: WorkerPlace = { number: 0, count: 1 };

/** A place in words that a variable can hold: `2/4`. */
export function placeText({ number, count }: WorkerPlace): string {
  return `${number}/${count}`;
}

/** The place of those words. Undefined: they are not such. */
export function placeOf(text: string): WorkerPlace | undefined {
  const [, number, count] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const place = { number: Number(number), count: Number(count) };
  return place.number < place.count ? place : undefined;
}

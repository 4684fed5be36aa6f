/** What attributes hold in what instrumentations write. */
type Recorded = string | number | boolean | readonly string[];

/** A span as a real instrumentation writes it, without what means nothing to twinspan, and what is to be read from it. */
export interface RecordedSpan {
  readonly by: string;
  readonly attributes: Readonly<Record<string, Recorded>>;
  readonly type: string | undefined;
  readonly isModelCall: boolean;
  readonly says?: Readonly<Record<string, string>>;
  readonly usage?: Readonly<Record<string, bigint>>;
  /** As JSON, or as text where it is none. */
  readonly inputs?: unknown;
  readonly outputs?: unknown;
}

/** Each twin of a record has at most this many spans: the gateway's, and one an attempt. */
export const SPANS_MAX = 64;

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Whether a caller's `x-request-id` is taken, and so in logs and metadata: 1 to 128 printable characters without spaces. */
export function isRequestId(text: string): boolean {
  return REQUEST_ID.test(text);
}

/** Bytes that are told as Node's `Buffer` tells them: `toString` as hex, as base64, or else as UTF-8. */
export class ByteArray extends Uint8Array {
  override toString(encoding?: "hex" | "base64", start = 0, end = this.length): string {
    const told = this.subarray(start, end);
    switch (encoding) {
      case "hex":
        return Array.from(told, (byte) => byte.toString(16).padStart(2, "0")).join("");
      case "base64":
        return btoa(Array.from(told, (byte) => String.fromCharCode(byte)).join(""));
      default:
        return new TextDecoder().decode(told);
    }
  }
}

/**
 * Lets the messages of gen/ find what they ask for when they are read and written, never before: as much of Node's
 * global `Buffer` as they use.
 */
export function installByteArray(): void {
  const alloc = (length: number) => new ByteArray(length);
  const from = (bytes: ArrayBuffer | Uint8Array) => new ByteArray(bytes);
  Object.assign(globalThis, { Buffer: { alloc, from } });
}

import type { ForwardQueue } from "../forward-queue.ts";
import type { ForwardTable } from "./forward-table.ts";
import type { TraceReader } from "./trace-reader.ts";

/** What waits to be forwarded, over its table and the traces that it names. */
export function openForwardQueue(table: ForwardTable, reader: Pick<TraceReader, "trace">): ForwardQueue {
  return {
    next: table.next,
    async read({ workspace, traceId, items }, withPayload) {
      const whole = items.filter(({ chunk }) => chunk === undefined);
      const chunks = new Set(items.map(({ chunk }) => chunk));
      const trace = await reader.trace(workspace, traceId, withPayload, ({ chunk, origin }) => {
        const isMirror = origin === "mirror-gateway" || origin === "mirror-attempt";
        return chunks.has(chunk) || whole.some(({ withoutMirrors }) => !(isMirror && withoutMirrors));
      });
      return trace?.resourceSpans ?? [];
    },
    remove: (forwards) => table.remove(forwards.flatMap(({ items }) => items.map(({ seq }) => seq))),
    trim: table.trim,
    keepOnly: table.keepOnly,
    waiting: table.waiting,
  };
}

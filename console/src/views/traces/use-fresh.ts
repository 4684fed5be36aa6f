import { useEffect, useRef, useState } from "react";

/** What came in is shown as such for so long, in milliseconds. */
const FRESH_MS = 1800;

/** Of ids that grow in number those that were added just now. */
export function useFresh(ids: ReadonlySet<string>): ReadonlySet<string> {
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const before = useRef(ids);
  useEffect(() => {
    const added = [...ids].filter((id) => !before.current.has(id));
    before.current = ids;
    if (added.length === 0) return;
    setFresh(new Set(added));
    const timer = setTimeout(() => setFresh(new Set()), FRESH_MS);
    return () => clearTimeout(timer);
  }, [ids]);
  return fresh;
}

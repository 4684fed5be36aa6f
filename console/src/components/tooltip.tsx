import { type ReactNode, useId, useRef, useState } from "react";
import styles from "./tooltip.module.css";

/**
 * Says more of what it stands around, while that is pointed at or has the focus. Short texts need none: `title` does. What it
 * says must not be found here alone.
 */
export function Tooltip({ says, children }: { readonly says: ReactNode; readonly children: ReactNode }) {
  const [place, setPlace] = useState<{ readonly left: number; readonly top: number }>();
  const anchor = useRef<HTMLSpanElement>(null);
  const id = useId();
  const show = () => {
    const box = anchor.current?.firstElementChild?.getBoundingClientRect();
    if (box !== undefined) setPlace({ left: box.left + box.width / 2, top: box.bottom + 6 });
  };
  const hide = () => setPlace(undefined);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it listens for what is within, and does nothing itself
    <span
      ref={anchor}
      className={styles["anchor"]}
      aria-describedby={place === undefined ? undefined : id}
      onPointerEnter={show}
      onPointerLeave={hide}
      onFocus={show}
      onBlur={hide}
    >
      {children}
      {place !== undefined && (
        <span id={id} role="tooltip" className={styles["tooltip"]} style={place}>
          {says}
        </span>
      )}
    </span>
  );
}

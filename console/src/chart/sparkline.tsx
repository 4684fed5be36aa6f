import styles from "./sparkline.module.css";

const HEIGHT = 22;

/** How something went, drawn small: a bar for each bucket. Its figures must stand beside it. */
export function Sparkline({ values, width = 120 }: { readonly values: readonly number[]; readonly width?: number }) {
  const most = Math.max(...values, 1);
  const step = width / Math.max(1, values.length);
  return (
    <svg
      className={styles["sparkline"]}
      aria-hidden="true"
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
    >
      {values.map((value, at) => {
        const height = value === 0 ? 1 : Math.max(2, (value / most) * HEIGHT);
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
            key={at}
            className={value === 0 ? styles["none"] : undefined}
            x={at * step}
            y={HEIGHT - height}
            width={Math.max(1, step - 1)}
            height={height}
            rx={0.75}
          />
        );
      })}
    </svg>
  );
}

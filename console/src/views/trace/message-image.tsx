import styles from "./message-list.module.css";

/** Formats that hold pixels and nothing else. SVG is a document. */
const PIXELS = /^data:image\/(?:png|jpeg|gif|webp|avif|bmp);base64,/;

/** An image that came with the message. Nothing is ever loaded from elsewhere. */
export function MessageImage({ source }: { readonly source: string }) {
  if (PIXELS.test(source)) return <img className={styles["image"]} src={source} alt="As it was sent" />;
  return (
    <p className={styles["nothing"]}>
      {source === "" ? "An image, of which nothing is told." : "An image that is not shown: "}
      {source !== "" && <code>{source.slice(0, 200)}</code>}
    </p>
  );
}

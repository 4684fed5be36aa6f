import { memo, useMemo, useState } from "react";
import { bytesText } from "#lib/traces/bytes-text.ts";
import { beginningOf, blocksOf, visiblePieces } from "../format/visible-text.ts";
import { Button } from "./button.tsx";
import { classes } from "./classes.ts";
import styles from "./long-text.module.css";

/** Longer texts are cut until one asks for all of it. */
const CHARACTERS_MAX = 4000;
const LINES_MAX = 60;

/** A text that anybody may have written: shown as text and nothing else, signs that cannot be seen by their codes. */
export function LongText({ text, isCode = false }: { readonly text: string; readonly isCode?: boolean }) {
  const [isWhole, setWhole] = useState(false);
  const beginning = beginningOf(text, CHARACTERS_MAX, LINES_MAX);
  const isCut = beginning.length < text.length;
  const blocks = useMemo(() => (isWhole ? blocksOf(text) : []), [isWhole, text]);
  return (
    <>
      <div className={classes(styles["text"], isCode && styles["code"])} dir="auto">
        {isWhole ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a text do not move
          blocks.map((block, index) => <Block key={index} text={block} />)
        ) : (
          <Pieces text={beginning} />
        )}
        {isCut && !isWhole && <span className={styles["cut"]}> …</span>}
      </div>
      {isCut && (
        <Button look="bare" className={styles["more"]} aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Show less" : `Show all ${bytesText(text.length)}`}
        </Button>
      )}
    </>
  );
}

/** A part of a long text, which is laid out once it comes into sight. */
const Block = memo(function Block({ text }: { readonly text: string }) {
  return (
    <div className={styles["block"]}>
      <Pieces text={text} />
    </div>
  );
});

const Pieces = memo(function Pieces({ text }: { readonly text: string }) {
  return visiblePieces(text).map((piece, index) =>
    piece.kind === "text" ? (
      piece.text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: nor do its pieces
      <span key={index} className={styles["control"]} title="A character that is not seen">
        {piece.code}
      </span>
    ),
  );
});

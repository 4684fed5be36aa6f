import { Link } from "wouter";
import { CopyButton } from "../../components/copy-button.tsx";
import { GUIDES } from "./guides.ts";
import { type Inline, inlinesOf, type Piece, piecesOf } from "./markdown.ts";
import styles from "./setup.module.css";
import { setupAddress } from "./setup-address.ts";

/** A guide, with a button that copies beside everything that is to be copied. */
export function GuideText({ markdown, endpoint }: { readonly markdown: string; readonly endpoint: string }) {
  const pieces = piecesOf(markdown);
  return pieces.map((piece, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place, and does not move
    <PieceOfGuide key={at} piece={piece} endpoint={endpoint} />
  ));
}

function PieceOfGuide({ piece, endpoint }: { readonly piece: Piece; readonly endpoint: string }) {
  switch (piece.kind) {
    case "heading":
      return <h3>{piece.text}</h3>;
    case "paragraph":
      return (
        <p>
          <Line text={piece.text} endpoint={endpoint} />
        </p>
      );
    case "list":
      return (
        <ul>
          {piece.items.map((item) => (
            <li key={item}>
              <Line text={item} endpoint={endpoint} />
            </li>
          ))}
        </ul>
      );
    case "table":
      return <TableOfGuide piece={piece} endpoint={endpoint} />;
    case "code":
      return <Code piece={piece} />;
  }
}

function Code({ piece: { role, language, text } }: { readonly piece: Piece & { readonly kind: "code" } }) {
  const title = titleOf(role, language);
  return (
    <figure className={styles["code"]}>
      <figcaption>
        <span>{title}</span>
        <CopyButton text={text} what={title} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section tabIndex={0} aria-label={title}>
        <pre>{text}</pre>
      </section>
    </figure>
  );
}

/** A file's name, or what is to be done with it. */
function titleOf(role: string, language: string): string {
  if (role.includes(".")) return role;
  if (role === "environment") return "environment";
  if (role.startsWith("run") || language === "") return "command";
  return language === "yaml" ? "twinspan.yaml" : language;
}

function TableOfGuide({
  piece: { head, rows },
  endpoint,
}: {
  readonly piece: Piece & { readonly kind: "table" };
  readonly endpoint: string;
}) {
  return (
    <table>
      <thead>
        <tr>
          {head.map((cell) => (
            <th key={cell} scope="col">
              {cell}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.join("|")}>
            {row.map((cell) => (
              <td key={cell}>
                <Line text={cell} endpoint={endpoint} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Line({ text, endpoint }: { readonly text: string; readonly endpoint: string }) {
  return inlinesOf(text).map((part, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place, and does not move
    <PartOfLine key={at} part={part} endpoint={endpoint} />
  ));
}

function PartOfLine({ part, endpoint }: { readonly part: Inline; readonly endpoint: string }) {
  switch (part.kind) {
    case "text":
      return part.text;
    case "strong":
      return <b>{part.text}</b>;
    case "code":
      return <code>{part.text}</code>;
    case "link":
      return <Reference text={part.text} to={part.to} endpoint={endpoint} />;
  }
}

/** Another guide is here; other documents are not, and are named. */
function Reference({ text, to, endpoint }: { readonly text: string; readonly to: string; readonly endpoint: string }) {
  const guide = GUIDES.find(({ key }) => to === `${key}.md`);
  if (guide !== undefined) return <Link href={setupAddress({ guide: guide.key, endpoint })}>{guide.words}</Link>;
  if (to.startsWith("https://")) {
    return (
      <a href={to} rel="noreferrer">
        {text}
      </a>
    );
  }
  return <code>{to.replace(/^\.\.\//, "docs/").replace(/#.*$/, "")}</code>;
}

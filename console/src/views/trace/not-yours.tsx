import styles from "./span-messages.module.css";

/** Stands where a payload is that the key of who is signed in does not read. */
export function NotYours() {
  return (
    <div className={styles["note"]}>
      <h3>Not yours to read</h3>
      <p>
        What was asked, answered and said of errors takes the role <code>read-payloads</code>, which your key does not
        have. Times, tokens and cost are all here.
      </p>
    </div>
  );
}

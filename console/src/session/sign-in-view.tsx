import { useId, useState } from "react";
import { Button } from "../components/button.tsx";
import { messageOf } from "../components/states.tsx";
import { View } from "../components/view.tsx";
import styles from "./session.module.css";
import { useSigning } from "./session.ts";

/** Asks for a key, where the server lets in only those who have one. */
export function SignInView() {
  const [key, setKey] = useState("");
  const signing = useSigning();
  const id = useId();
  return (
    <View title="Sign in">
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          signing.mutate(key);
        }}
      >
        <label htmlFor={id}>Key</label>
        <input
          id={id}
          type="password"
          required
          autoComplete="current-password"
          spellCheck={false}
          placeholder="twinspan_…"
          value={key}
          aria-describedby={`${id} says`}
          aria-invalid={signing.isError}
          onChange={(event) => setKey(event.target.value.trim())}
        />
        <p id={`${id} says`} className={styles["says"]}>
          One that may read traces. This browser keeps it for a working day, where no script can see it;{" "}
          <code>twinspan key new</code> makes one.
        </p>
        {signing.isError && (
          <p role="alert" className={styles["wrong"]}>
            {messageOf(signing.error)}
          </p>
        )}
        <Button type="submit" look="main" disabled={signing.isPending || key === ""}>
          Sign in
        </Button>
      </form>
    </View>
  );
}

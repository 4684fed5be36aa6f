import { Button } from "../components/button.tsx";
import styles from "./session.module.css";
import { usePerson, useSigning } from "./session.ts";

/** Who is signed in, and the way out. Nothing where keys are off. */
export function SignedIn() {
  const { data: person } = usePerson();
  const signing = useSigning();
  if (person === undefined || person.isNobody) return null;
  return (
    <p className={styles["person"]}>
      <span title={`${person.name}, workspace ${person.workspace}: ${person.roles.join(", ")}`}>
        {person.name} <span className={styles["workspace"]}>{person.workspace}</span>
      </span>
      <Button look="bare" onClick={() => signing.mutate(undefined)}>
        Sign out
      </Button>
    </p>
  );
}
